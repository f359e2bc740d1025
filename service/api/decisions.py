"""POST /v1/decisions."""

from __future__ import annotations

from time import perf_counter

import msgspec
from litestar import asgi
from litestar.exceptions import MethodNotAllowedException
from litestar.types import Receive, Scope, Send

from service.api.admission import Admission
from service.api.asking import decode_request, to_command
from service.api.desk import ADMISSION_KEY, STATE_KEY, Desk
from service.api.rendering import Envelope, render
from service.api.request_body import read_body
from service.api.ulid import new_ulid
from service.api.wire import DecisionAnswer, DecisionRequest
from service.telemetry.decision_log import DecisionLine
from service.use_cases.make_decision import DecisionCommand

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
    with admission:
        asked = decode_request(body)
        command = to_command(asked, desk.make_decision.edition.catalogue)
        content = _ENCODER.encode(await _answer(desk, asked, command))
    headers = [*_HEADERS, (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content, "more_body": False})


async def _answer(desk: Desk, asked: DecisionRequest, command: DecisionCommand) -> DecisionAnswer:
    started = perf_counter()
    try:
        result = await desk.make_decision(command)
    finally:
        seconds = perf_counter() - started
        desk.metrics.decision_duration[command.ask.channel,].observe(seconds)
    now = desk.clock.now()
    envelope = Envelope(
        decision_id=new_ulid(now),
        request_id=asked.request_id or new_ulid(now),
        now=now,
        with_withheld=asked.explain or asked.on_behalf_of is not None,
    )
    answer = render(result, envelope, desk.tokens)
    decision = result.decision
    desk.decision_log.write(
        DecisionLine(
            at=now,
            decision_id=envelope.decision_id,
            channel=asked.channel,
            mode=asked.mode,
            served_from=decision.rung,
            degraded_reasons=decision.degraded_reasons,
            offers=sum(len(slate.rows) for slate in decision.slates),
            duration_seconds=round(seconds, 6),
        )
    )
    return answer
