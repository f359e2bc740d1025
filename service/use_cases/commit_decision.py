"""Reserves what a decision chose and keeps its answer; a lost race chooses again, at most twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import perf_counter

import numpy as np
from msgspec import Struct, structs

from service.domain.contact_reservation import cap_checks, keep_seconds, reserved_entries
from service.domain.customer import Standing
from service.domain.decision import NoOfferReason, Slate
from service.domain.situation import Situation
from service.errors import RequestConflict
from service.ports import CommitStatus, ContactStore, Reservation, StoredAnswer
from service.use_cases.deciding import DecisionResult, decide_without
from service.use_cases.edition import Edition

MOST_RESELECTIONS = 2
MOST_COMMITS = MOST_RESELECTIONS + 2
"""The last but one leaves out what lost again; the last offers no marketing."""
NOT_COMMITTED = ("commit_unreachable",)
CONTENDED = ("commit_contended",)
"""Others took the room while she was decided for, and no time was left to choose again."""
LEAST_SHARE = 0.2
"""A choice that lost its race is not committed again in less of the deadline than this: a server
that is well would be taken for slow.
"""
NOT_IDEMPOTENT = ("idempotency_unavailable",)


class AnswerSlot(Struct, frozen=True):
    """Where the answer to a client's own request id is kept: `slot` names principal and id, `body`
    is the digest of what was asked.
    """

    slot: bytes
    body: bytes


class Draft(Struct, frozen=True):
    """A decision that is not yet anybody's; `compose` words it as the answer's bytes."""

    customer_id: str
    decision_id: str
    edition: Edition
    result: DecisionResult
    slot: AnswerSlot | None
    compose: Callable[[DecisionResult], bytes]


class Committed(Struct, frozen=True):
    """What stands; `reservation` is None where nothing was reserved, `is_earlier` says that the
    content is an answer given before.
    """

    result: DecisionResult
    content: bytes
    reservation: Reservation | None = None
    reasons: tuple[str, ...] = ()
    is_earlier: bool = False


class CommitDecision:
    """One round trip in which caps are checked again, offers reserved and the answer kept."""

    def __init__(self, contacts: ContactStore) -> None:
        self._contacts = contacts

    async def __call__(self, draft: Draft, *, within_seconds: float) -> Committed:
        """Never raises for a broken store: then no marketing is offered. `RequestConflict` when the
        request id was used for something else.
        """
        left = within_seconds
        for attempt in range(MOST_COMMITS):
            content = draft.compose(draft.result)
            reservation = _reservation(draft, content)
            if reservation is None:
                return Committed(draft.result, content)
            started = perf_counter()
            ended = await self._contacts.commit(reservation, within_seconds=left)
            left -= perf_counter() - started
            has_time = left > LEAST_SHARE * within_seconds
            match ended.status:
                case CommitStatus.COMMITTED:
                    return Committed(draft.result, content, reservation)
                case CommitStatus.ANSWERED:
                    return Committed(draft.result, ended.content, is_earlier=True)
                case CommitStatus.CONFLICT:
                    raise RequestConflict
                case CommitStatus.UNREACHABLE:
                    return self.uncommitted(draft)
                case CommitStatus.CAPPED if has_time:
                    draft = _chosen_again(draft, ended.capped, attempt)
                case CommitStatus.CAPPED:
                    break
        return self.uncommitted(draft, CONTENDED)

    def uncommitted(self, draft: Draft, because: tuple[str, ...] = NOT_COMMITTED) -> Committed:
        """What may be said without a reservation: no marketing, and no promise to say it again."""
        reasons = because + (NOT_IDEMPOTENT if draft.slot else ())
        situation = draft.result.situation
        refused = situation.refused | _marketing(situation)
        without = decide_without(draft.edition, draft.result, refused)
        result = degraded(without, reasons)
        return Committed(result, draft.compose(result), reasons=reasons)


def degraded(result: DecisionResult, reasons: tuple[str, ...]) -> DecisionResult:
    """The same decision, degraded for these reasons of its commit too."""
    decision = result.decision
    slates = decision.slates
    if not set(reasons).isdisjoint(NOT_COMMITTED):
        slates = tuple(map(_not_reserved, slates))
    merged = tuple(dict.fromkeys(decision.degraded_reasons + reasons))
    told = decision._replace(degraded_reasons=merged, slates=slates)
    return structs.replace(result, decision=told)


def _not_reserved(slate: Slate) -> Slate:
    """An empty slate is not empty for a cap when nobody could ask for the caps."""
    if slate.no_offer_reason is not NoOfferReason.CAPPED:
        return slate
    return replace(slate, no_offer_reason=NoOfferReason.STATE_UNAVAILABLE)


def _reservation(draft: Draft, content: bytes) -> Reservation | None:
    """None when nothing is handed out that counts and no answer has to be kept."""
    situation, slates = draft.result.situation, draft.result.decision.slates
    entries = reserved_entries(situation, slates, draft.decision_id)
    if draft.slot is None and not entries["is_marketing"].any():
        return None
    slot = draft.slot
    return Reservation(
        customer_id=draft.customer_id,
        at=situation.as_of_seconds,
        entries=entries,
        caps=cap_checks(situation),
        keep_seconds=keep_seconds(situation.catalogue.policy.contact),
        must_exist=situation.customer.standing is not Standing.STRANGER,
        answer=StoredAnswer(slot.slot, slot.body, content) if slot else None,
    )


def _chosen_again(draft: Draft, capped: tuple[int, ...], attempt: int) -> Draft:
    """The draft without what lost the race; later attempts put no marketing in its place."""
    situation = draft.result.situation
    chosen = [row for slate in draft.result.decision.slates for row in slate.rows]
    lost = {chosen[position] for position in capped}
    refused = situation.refused | lost
    if attempt >= MOST_RESELECTIONS:
        refused |= _marketing(situation) - (set(chosen) - lost)
    result = decide_without(draft.edition, draft.result, refused)
    return structs.replace(draft, result=result)


def _marketing(situation: Situation) -> frozenset[int]:
    return frozenset(np.flatnonzero(situation.catalogue.is_marketing).tolist())
