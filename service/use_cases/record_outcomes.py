"""Takes what customers did with offers: judged, durable, then counted in the shared memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import msgspec
import numpy as np

from feature_repo.contact_layout import (
    ENTRY,
)
from service.domain.catalogue import Catalogue
from service.domain.contact_reservation import outcome_entry
from service.domain.outcomes import Outcome
from service.domain.principal import Principal
from service.errors import DecisionUnknown, RecordDamaged, RecordGone, RecordUnreadable
from service.ports import Clock, EventLog, NoteStatus, OutcomeObserver, RecordKind
from service.use_cases.count_outcomes import CountOutcomes, Uncounted
from service.use_cases.decision_records import DecisionRecord
from service.use_cases.outcome_records import (
    ACCEPTED,
    DUPLICATE,
    LOST_CATALOGUE,
    NOT_HERS,
    NOT_OFFERED,
    OTHER_CONTENT,
    QUARANTINED,
    REJECTED,
    UNKNOWN_DECISION,
    OutcomeRecord,
    OutcomeResult,
    complaint_about,
    decided_entry,
    event_key,
)
from service.use_cases.replay_decision import RecordedDecisions

LOOK_AGAIN_SECONDS = 30.0
LONGEST_WAIT = timedelta(days=30)
MOST_WAITING = 10_000
"""Quarantined outcomes one worker keeps in mind; all of them are on record."""


_DECODER = msgspec.msgpack.Decoder(OutcomeRecord)


@dataclass(frozen=True)
class _Judged:
    outcome: Outcome
    result: OutcomeResult
    customer_id: str | None = None
    entry: np.void | None = None
    is_on_record: bool = False

    @property
    def is_to_be_kept(self) -> bool:
        """Whether this goes into the log: what is accepted, and what waits for its decision."""
        return not self.is_on_record and self.result.status in (ACCEPTED, QUARANTINED)


@dataclass(frozen=True)
class _Known:
    """An event that was reported before; no record = it was erased."""

    record: OutcomeRecord | None

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to be found out about it."""
        return self.record is None or self.record.status != QUARANTINED

    def judged(self, outcome: Outcome) -> _Judged:
        """A duplicate, which is counted all the same: its first report may not have been."""
        record = self.record
        if record is not None and _about(record.outcome) != _about(outcome):
            return _Judged(outcome, OutcomeResult(outcome.event_id, REJECTED, OTHER_CONTENT))
        entry = record and record.entry
        return _Judged(
            outcome,
            OutcomeResult(outcome.event_id, DUPLICATE, "known event_id"),
            customer_id=record.customer_id if record else None,
            entry=np.frombuffer(entry, dtype=ENTRY)[0] if entry else None,
        )


class RecordOutcomes:
    """Durable before it is answered, counted within the second, once however often it is sent."""

    def __init__(
        self,
        decisions: RecordedDecisions,
        log: EventLog,
        clock: Clock,
        counting: CountOutcomes,
        observer: OutcomeObserver,
        *,
        catalogue: Callable[[], Catalogue],
    ) -> None:
        self._decisions, self._log, self._clock = decisions, log, clock
        self._counting, self._observer, self._catalogue = counting, observer, catalogue
        self._waiting: dict[str, tuple[Outcome, Principal]] = {}

    async def __call__(
        self, outcomes: Sequence[Outcome], principal: Principal
    ) -> list[OutcomeResult]:
        """One result per outcome, in order. Raises `LogUnavailable` when nothing can be kept."""
        results = await self._take(outcomes, principal)
        for outcome, result in zip(outcomes, results, strict=True):
            self._observer.heard(result.status)
            if result.status is QUARANTINED and len(self._waiting) < MOST_WAITING:
                self._waiting[outcome.event_id] = (outcome, principal)
        return results

    async def run(self) -> None:
        """Look again for the decisions of quarantined outcomes, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
            await self.look_again()

    async def look_again(self) -> None:
        """Take what waits as if it came now; what waited for 30 days is let go."""
        now = self._clock.now()
        for event_id, (outcome, principal) in tuple(self._waiting.items()):
            (result,) = await self._take([outcome], principal)
            if result.status is not QUARANTINED or now - outcome.received_at > LONGEST_WAIT:
                del self._waiting[event_id]

    async def _take(self, outcomes: Sequence[Outcome], principal: Principal) -> list[OutcomeResult]:
        judged, seen = [], set[str]()
        for outcome in outcomes:
            is_again = outcome.event_id in seen
            seen.add(outcome.event_id)
            judged.append(_again(outcome) if is_again else await self._judge(outcome, principal))
        kept = [it for it in judged if it.is_to_be_kept]
        for it in kept:
            key = event_key(principal.subject, it.outcome.event_id)
            self._log.append(RecordKind.OUTCOME, _record(it, principal), key=key)
        if kept:
            await self._log.settle()
        return await asyncio.gather(*map(self._counted, judged))

    async def _judge(self, outcome: Outcome, principal: Principal) -> _Judged:
        complaint = complaint_about(outcome)
        if complaint:
            return _Judged(outcome, OutcomeResult(outcome.event_id, REJECTED, complaint))
        known = await asyncio.to_thread(self._known, outcome, principal)
        if known is not None and known.is_settled:
            return known.judged(outcome)
        return await self._match(outcome, principal, is_on_record=known is not None)

    async def _match(
        self, outcome: Outcome, principal: Principal, *, is_on_record: bool
    ) -> _Judged:
        """The outcome held against the decision it names."""
        try:
            record = await asyncio.to_thread(self._decisions.find, outcome.decision_id)
        except (DecisionUnknown, RecordGone, RecordDamaged, RecordUnreadable):
            waits = OutcomeResult(outcome.event_id, QUARANTINED, UNKNOWN_DECISION)
            return _Judged(outcome, waits, is_on_record=is_on_record)
        if not principal.may_see(record.inputs.customer_id, now=outcome.received_at):
            return _Judged(outcome, OutcomeResult(outcome.event_id, REJECTED, NOT_HERS))
        try:
            entry = await self._entry(outcome, record)
        except RecordGone:
            waits = OutcomeResult(outcome.event_id, QUARANTINED, LOST_CATALOGUE)
            return _Judged(outcome, waits, is_on_record=is_on_record)
        if entry is None:
            return _Judged(outcome, OutcomeResult(outcome.event_id, REJECTED, NOT_OFFERED))
        accepted = OutcomeResult(outcome.event_id, ACCEPTED)
        return _Judged(outcome, accepted, record.inputs.customer_id, entry)

    def _known(self, outcome: Outcome, principal: Principal) -> _Known | None:
        """What is on record of this event; None when it is new."""
        try:
            found = self._log.find(event_key(principal.subject, outcome.event_id))
        except RecordDamaged:
            return None
        if found is None:
            return None
        return _Known(None if found.payload is None else _DECODER.decode(found.payload))

    async def _entry(self, outcome: Outcome, record: DecisionRecord) -> np.void | None:
        """What the history is to hold of it; None when the decision made no such offer."""
        places = [place for place, offers, _ in record.outputs.slates if outcome.offer_id in offers]
        if not places:
            return None
        catalogue = self._catalogue()
        if outcome.offer_id not in catalogue.row_of:
            catalogue = await self._decisions.catalogue_of(record)
        decided = decided_entry(catalogue, record, outcome.offer_id, places[0])
        offset = (self._clock.now() - self._clock.as_of()).total_seconds()
        return outcome_entry(outcome, decided, clock_offset_seconds=offset)

    async def _counted(self, judged: _Judged) -> OutcomeResult:
        """Durable already; a memory that cannot be reached now is told again later."""
        if judged.entry is None or judged.customer_id is None:
            return judged.result
        status = await self._counting.count(Uncounted(judged.customer_id, judged.entry))
        if status is NoteStatus.DUPLICATE and judged.result.status is ACCEPTED:
            return replace(judged.result, status=DUPLICATE, detail="reported before")
        return judged.result


def _again(outcome: Outcome) -> _Judged:
    return _Judged(outcome, OutcomeResult(outcome.event_id, DUPLICATE, "twice in this batch"))


def _about(outcome: Outcome) -> tuple[str, str, str]:
    return outcome.decision_id, outcome.offer_id, outcome.outcome


def _record(judged: _Judged, principal: Principal) -> bytes:
    return msgspec.msgpack.encode(
        OutcomeRecord(
            status=judged.result.status,
            principal=principal.subject,
            customer_id=judged.customer_id,
            outcome=judged.outcome,
            entry=None if judged.entry is None else judged.entry.tobytes(),
        )
    )
