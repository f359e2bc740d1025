"""POST and GET /v1/kill-switch: what is stopped at once, everywhere."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import HttpMethod, Request, Response, route

from service.api.asking import decoded
from service.api.authentication import asking
from service.api.desk import desk_of
from service.api.request_body import read_body
from service.api.wire_kill_switch import (
    KillSwitchAnswer,
    KillSwitchesAnswer,
    KillSwitchRequest,
    KillSwitchSetAnswer,
)
from service.domain.kill_switches import KillState
from service.domain.principal import AccessScope
from service.use_cases.set_kill_switch import KillCommand

_DECODER = msgspec.json.Decoder(KillSwitchRequest)
PATH = "/v1/kill-switch"


# One handler for both: the framework's answer to OPTIONS names the methods of one handler only.
@route(PATH, http_method=[HttpMethod.GET, HttpMethod.POST], status_code=200)
async def kill_switch(request: Request[Any, Any, Any]) -> Response[Any]:
    """What is stopped now; POST stops something, or lifts that again, in every worker."""
    answer = await (_set(request) if request.method == HttpMethod.POST else _stopped(request))
    return Response(answer)


async def _set(request: Request[Any, Any, Any]) -> KillSwitchSetAnswer | None:
    principal = asking(request)
    principal.require(AccessScope.KILL)
    body = await read_body(request.receive)
    if body is None:
        return None  # nobody is there to read an answer
    asked = decoded(body, _DECODER)
    state = await desk_of(request).set_kill_switch(
        KillCommand(asked.scope, asked.id, asked.active, asked.reason, principal.subject)
    )
    return KillSwitchSetAnswer(
        scope=asked.scope,
        id=asked.id,
        active=asked.active,
        reason=asked.reason,
        version=state.version,
        switches=_told(state),
    )


async def _stopped(request: Request[Any, Any, Any]) -> KillSwitchesAnswer:
    asking(request).require(AccessScope.KILL, AccessScope.AUDIT, AccessScope.ANALYST)
    state = await desk_of(request).set_kill_switch.state()
    return KillSwitchesAnswer(state.version, _told(state))


def _told(state: KillState) -> list[KillSwitchAnswer]:
    return [
        KillSwitchAnswer(one.scope, one.id, one.reason, one.principal, one.since)
        for one in state.stopped
    ]
