"""POST /v1/decisions."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import msgspec
from litestar import Request, Response, post

from service.api.asking import decode_request, to_command
from service.api.desk import Desk, desk_of
from service.api.rendering import Envelope, render
from service.api.ulid import new_ulid
from service.api.wire import DecisionAnswer, DecisionRequest
from service.use_cases.make_decision import DecisionCommand, DecisionResult

_ENCODER = msgspec.json.Encoder()


@post("/v1/decisions", status_code=200, media_type="application/json")
async def decide(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Which offers, in what order, for this customer, in this channel, now?"""
    desk = desk_of(request)
    asked = decode_request(await request.body())
    command = to_command(asked, desk.make_decision.edition.catalogue)
    answer = await _answer(desk, asked, command)
    return Response(_ENCODER.encode(answer), media_type="application/json")


async def _answer(desk: Desk, asked: DecisionRequest, command: DecisionCommand) -> DecisionAnswer:
    started = perf_counter()
    try:
        result = await desk.make_decision(command)
    finally:
        seconds = perf_counter() - started
        desk.metrics.decision_duration.labels(command.ask.channel).observe(seconds)
    now = desk.clock.now()
    envelope = Envelope(
        decision_id=new_ulid(now),
        request_id=asked.request_id or new_ulid(now),
        now=now,
        with_withheld=asked.explain or asked.on_behalf_of is not None,
    )
    answer = render(result, envelope, desk.tokens)
    _log(desk, asked, result, envelope.decision_id, seconds)
    return answer


def _log(
    desk: Desk, asked: DecisionRequest, result: DecisionResult, decision_id: str, seconds: float
) -> None:
    """One line per decision; who the customer is stays out of it."""
    decision = result.decision
    desk.log.info(
        "decision",
        decision_id=decision_id,
        channel=asked.channel,
        mode=asked.mode,
        served_from=decision.rung,
        degraded_reasons=decision.degraded_reasons,
        offers=sum(len(slate.rows) for slate in decision.slates),
        duration_seconds=round(seconds, 6),
    )
