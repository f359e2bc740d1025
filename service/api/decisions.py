"""POST /v1/decisions."""

from __future__ import annotations

from time import perf_counter

import msgspec
from litestar import asgi
from litestar.exceptions import MethodNotAllowedException
from litestar.types import Receive, Scope, Send

from service.api.admission import Admission
from service.api.asking import decode_request, to_command
from service.api.authentication import authorise_decision, principal_of
from service.api.desk import ADMISSION_KEY, STATE_KEY, Desk
from service.api.rendering import Envelope, render
from service.api.request_body import read_body
from service.api.wire import DecisionRequest
from service.domain.principal import Visibility
from service.domain.reasons import Audience
from service.telemetry.decision_log import DecisionLine
from service.use_cases.deciding import DecisionResult
from service.use_cases.decision_command import DecisionCommand, Identity

_ENCODER = msgspec.json.Encoder()
_HEADERS = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]


# A plain ASGI handler: the framework's own request and response objects would cost as much
# processor time as the whole decision does without its model.
@asgi("/v1/decisions", copy_scope=False)
async def decide(scope: Scope, receive: Receive, send: Send) -> None:
    """Which offers, in what order, for this customer, in this channel, now?"""
    if scope.get("method") != "POST":
        raise MethodNotAllowedException(headers={"Allow": "POST"})
    body = await read_body(receive)
    if body is None:
        return
    state = scope["litestar_app"].state
    admission: Admission = state[ADMISSION_KEY]
    if admission.is_full:
        await admission.refuse(send)
        return
    desk: Desk = state[STATE_KEY]
    principal = principal_of(scope)
    with admission:
        asked = decode_request(body)
        visible = authorise_decision(principal, asked, desk.clock.now())
        command = to_command(
            asked,
            desk.make_decision.edition,
            principal=principal,
            visible=visible,
            audience=_audience(asked, visible),
        )
        content = await _answer(desk, asked, command, visible)
    headers = [*_HEADERS, (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content, "more_body": False})


async def _answer(
    desk: Desk, asked: DecisionRequest, command: DecisionCommand, visible: Visibility
) -> bytes:
    def compose(result: DecisionResult, named: Identity) -> bytes:
        envelope = Envelope(named.decision_id, named.request_id, named.now, visible)
        return _ENCODER.encode(render(result, envelope, desk.tokens))

    started = perf_counter()
    try:
        answered = await desk.make_decision(command, compose)
    finally:
        seconds = perf_counter() - started
        desk.metrics.decision_duration[command.ask.channel,].observe(seconds)
    if answered.result is not None:
        decision = answered.result.decision
        desk.decision_log.write(
            DecisionLine(
                at=answered.identity.now,
                decision_id=answered.identity.decision_id,
                channel=asked.channel,
                mode=asked.mode,
                served_from=decision.rung,
                degraded_reasons=decision.degraded_reasons,
                offers=sum(len(slate.rows) for slate in decision.slates),
                duration_seconds=round(seconds, 6),
            )
        )
    return answered.content


def _audience(asked: DecisionRequest, visible: Visibility) -> Audience | None:
    """For whom reasons are told: for agents, and for who asks for an explanation."""
    if not visible.reasons or not (asked.explain or asked.on_behalf_of):
        return None
    return Audience.AGENT if asked.on_behalf_of else Audience.AUDITOR
