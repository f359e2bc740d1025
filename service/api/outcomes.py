"""POST /v1/outcomes: what customers did with offers, from every channel."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import Any, cast

import msgspec
from litestar import Request, Response, post

from service.api.asking import decoded, faults_of, unknown_name
from service.api.authentication import asking
from service.api.desk import Desk, desk_of
from service.api.request_body import read_body
from service.api.wire_outcomes import (
    OutcomeAnswer,
    OutcomeRequest,
    OutcomesAnswer,
    OutcomesEntries,
    OutcomesRequest,
)
from service.domain.outcomes import Outcome
from service.domain.principal import AccessScope
from service.domain.ulid import ulid_bytes
from service.errors import RequestInvalid
from service.use_cases.outcome_records import OutcomeResult, OutcomeStatus

MOST_BATCH_BYTES = 1024 * 1024
MOST_FAULTS = 50
"""Entries of one batch that a refusal names."""
_DECODER = msgspec.json.Decoder(OutcomesRequest)
_ENTRIES_DECODER = msgspec.json.Decoder(OutcomesEntries)
_ENTRY_DECODER = msgspec.json.Decoder(OutcomeRequest)


@post("/v1/outcomes", status_code=202, request_max_body_size=MOST_BATCH_BYTES)
async def record_outcomes(request: Request[Any, Any, Any]) -> Response[OutcomesAnswer | bytes]:
    """Keep what customers did; it counts in every channel within a second."""
    principal = asking(request)
    principal.require(AccessScope.OUTCOMES, AccessScope.CUSTOMER, AccessScope.AGENT)
    body = await read_body(request.receive, most_bytes=MOST_BATCH_BYTES)
    if body is None:
        return Response(b"")  # nobody is there to read it
    asked, desk = _batch(body), desk_of(request)
    now = desk.clock.now()
    named = [_named(one, desk, now) for one in asked.outcomes]
    outcomes = [one for one in named if isinstance(one, Outcome)]
    judged = iter(await desk.record_outcomes(outcomes, principal))
    results = [next(judged) if isinstance(one, Outcome) else one for one in named]
    answers = [OutcomeAnswer(one.event_id, one.status, one.detail) for one in results]
    return Response(OutcomesAnswer(answers))


def _batch(body: bytes) -> OutcomesRequest:
    """What is reported; `RequestInvalid` names every entry at fault, so that a queue gets rid of
    them in one round trip.
    """
    try:
        return decoded(body, _DECODER)
    except RequestInvalid as first:
        entries = decoded(body, _ENTRIES_DECODER).outcomes  # raises where it is no batch
        faults = islice(faults_of(entries, _ENTRY_DECODER, at="/outcomes"), MOST_FAULTS)
        raise RequestInvalid(str(first), pointer=first.pointer, faults=tuple(faults)) from None


def _named(asked: OutcomeRequest, desk: Desk, now: datetime) -> Outcome | OutcomeResult:
    """The outcome with the offer it is about, or why that cannot be told."""
    names = _offer_named(asked, desk)
    if isinstance(names, str):
        return OutcomeResult(asked.event_id, OutcomeStatus.REJECTED, names)
    decision_id, offer_id = names
    channels = desk.make_decision.edition.catalogue.policy.channels
    if asked.channel not in channels:
        detail = unknown_name("channel", asked.channel, channels)
        return OutcomeResult(asked.event_id, OutcomeStatus.REJECTED, detail)
    return Outcome(
        event_id=asked.event_id,
        decision_id=decision_id,
        offer_id=offer_id,
        outcome=asked.outcome,
        occurred_at=asked.occurred_at,
        received_at=now,
        channel=asked.channel,
        reason=asked.reason,
        until=asked.until,
    )


def _offer_named(asked: OutcomeRequest, desk: Desk) -> tuple[str, str] | str:
    """Decision and offer, or the complaint."""
    has_names = asked.decision_id is not None and asked.offer_id is not None
    if (asked.tracking_token is not None) is has_names:
        return "send either tracking_token, or decision_id and offer_id"
    if asked.tracking_token is not None:
        return desk.tokens.read(asked.tracking_token) or "tracking_token was not issued here"
    if ulid_bytes(cast("str", asked.decision_id)) is None:
        return "decision_id is no id of a decision"
    return cast("str", asked.decision_id), cast("str", asked.offer_id)
