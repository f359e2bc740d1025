"""What is reported of customers, and the answer to it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Raw, Struct

from service.api.wire import Id, Instant, Word
from service.domain.outcomes import OutcomeKind, RejectReason
from service.use_cases.outcome_records import OutcomeStatus

MOST_OUTCOMES = 500


class OutcomeRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One outcome, of the offer of a `tracking_token`, or of `decision_id` and `offer_id`."""

    event_id: Id
    outcome: OutcomeKind
    occurred_at: Instant
    channel: Word
    tracking_token: Annotated[str, Meta(min_length=1, max_length=512)] | None = None
    decision_id: Id | None = None
    offer_id: Id | None = None
    reason: RejectReason | None = None
    until: Instant | None = None


class OutcomesRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A batch of outcomes; each is answered for itself."""

    outcomes: Annotated[list[OutcomeRequest], Meta(min_length=1, max_length=MOST_OUTCOMES)]


class OutcomesEntries(Struct, frozen=True, forbid_unknown_fields=True):
    """The same batch with its entries as they were sent, to look at each for itself."""

    outcomes: Annotated[list[Raw], Meta(min_length=1, max_length=MOST_OUTCOMES)]


class OutcomeAnswer(Struct, frozen=True):
    """What became of one outcome."""

    event_id: str
    status: OutcomeStatus
    detail: str


class OutcomesAnswer(Struct, frozen=True):
    """One result per outcome, in the order they were sent."""

    results: list[OutcomeAnswer]
