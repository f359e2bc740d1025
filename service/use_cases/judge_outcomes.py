"""What a reported outcome is: accepted, known already, waiting for its decision, or invalid."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from feature_repo.contact_layout import ENTRY, ContactEvent
from service.domain.catalogue import Catalogue
from service.domain.contact_reservation import outcome_entry
from service.domain.outcomes import Outcome
from service.domain.principal import Principal
from service.errors import DecisionUnknown, RecordDamaged, RecordGone, RecordUnreadable
from service.ports import Clock, EventLog
from service.use_cases.decision_records import DecisionRecord
from service.use_cases.outcome_records import (
    ACCEPTED,
    BEFORE_DECISION,
    DUPLICATE,
    LOST_CATALOGUE,
    MOST_AHEAD,
    NOT_OFFERED,
    OTHER_CONTENT,
    QUARANTINED,
    REJECTED,
    UNKNOWN_DECISION,
    OutcomeRecord,
    OutcomeResult,
    OutcomeStatus,
    Reporter,
    complaint_about,
    decided_entry,
    event_key,
)
from service.use_cases.replay_decision import RecordedDecisions

_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(OutcomeRecord)


@dataclass(frozen=True)
class JudgedOutcome:
    """An outcome, its answer, and what its customer's history is to hold of it."""

    outcome: Outcome
    reporter: Reporter
    result: OutcomeResult
    customer_id: str | None = None
    entry: np.void | None = None
    time_zone: str | None = None
    is_on_record: bool = False

    @property
    def key(self) -> bytes:
        """How the log finds it."""
        return event_key(self.reporter, self.outcome.event_id)

    @property
    def is_to_be_kept(self) -> bool:
        """Whether this goes into the log: what is accepted, and what waits for its decision."""
        return not self.is_on_record and self.result.status in (ACCEPTED, QUARANTINED)

    def record(self) -> OutcomeRecord:
        """What is written down of it."""
        return OutcomeRecord(
            status=self.result.status,
            principal=self.reporter.subject,
            customer_id=self.customer_id,
            outcome=self.outcome,
            entry=None if self.entry is None else self.entry.tobytes(),
            customers=self._customers,
            bound_to=self.reporter.bound_to,
            time_zone=self.time_zone,
        )

    @property
    def _customers(self) -> tuple[str, ...] | None:
        """Whose it can be: where that is known nobody else's id is written down."""
        if self.reporter.customers is None or self.customer_id is None:
            return self.reporter.customers
        return (self.customer_id,)

    def payload(self) -> bytes:
        """The same as bytes."""
        return _ENCODER.encode(self.record())


@dataclass(frozen=True)
class _Known:
    """An event that was reported before; no record = it was erased."""

    record: OutcomeRecord | None


class JudgeOutcomes:
    """Holds outcomes against the log: what is known of the event, and the decision it names."""

    def __init__(
        self,
        decisions: RecordedDecisions,
        log: EventLog,
        clock: Clock,
        *,
        catalogue: Callable[[], Catalogue],
    ) -> None:
        self._decisions, self._log, self._clock = decisions, log, clock
        self._catalogue = catalogue

    async def batch(self, outcomes: Sequence[Outcome], principal: Principal) -> list[JudgedOutcome]:
        """In order, each as if what comes before it in the batch were on record."""
        judged: list[JudgedOutcome] = []
        kept: dict[str, JudgedOutcome] = {}
        for outcome in outcomes:
            reporter = Reporter.of(principal, outcome)
            one = await self._judge(outcome, reporter, kept.get(outcome.event_id))
            if one.is_to_be_kept:
                kept[outcome.event_id] = one
            judged.append(one)
        return judged

    async def again(self, record: OutcomeRecord) -> JudgedOutcome:
        """One that waited for its decision, as if it came now."""
        return await self._match(record.outcome, record.reporter, is_on_record=True)

    async def _judge(
        self, outcome: Outcome, reporter: Reporter, before: JudgedOutcome | None
    ) -> JudgedOutcome:
        complaint = complaint_about(outcome) or reporter.complaint
        if complaint:
            return _ended(outcome, reporter, REJECTED, complaint)
        if before is not None:  # the first of the two counts
            known: _Known | None = _Known(msgspec.structs.replace(before.record(), entry=None))
        else:
            known = await asyncio.to_thread(self._known, outcome, reporter)
        if known is None:
            return await self._match(outcome, reporter, is_on_record=False)
        record = known.record
        if record is None:
            return _ended(outcome, reporter, DUPLICATE, "known event_id")
        if not record.tells_the_same(outcome):
            return _ended(outcome, reporter, REJECTED, OTHER_CONTENT)
        if record.status == QUARANTINED:
            return await self._match(outcome, reporter, is_on_record=True)
        return reported_before(outcome, reporter, record)

    async def _match(
        self, outcome: Outcome, reporter: Reporter, *, is_on_record: bool
    ) -> JudgedOutcome:
        """The outcome held against the decision it names; one for somebody else does not exist."""

        def waits(detail: str) -> JudgedOutcome:
            result = OutcomeResult(outcome.event_id, QUARANTINED, detail)
            return JudgedOutcome(outcome, reporter, result, is_on_record=is_on_record)

        try:
            record = await asyncio.to_thread(self._decisions.find, outcome.decision_id)
        except (DecisionUnknown, RecordGone, RecordDamaged, RecordUnreadable):
            return waits(UNKNOWN_DECISION)
        if not reporter.may_see(record.inputs.customer_id):
            return waits(UNKNOWN_DECISION)
        if reporter.is_in_calls and outcome.occurred_at < record.at - MOST_AHEAD:
            return _ended(outcome, reporter, REJECTED, BEFORE_DECISION)  # her call may be over
        try:
            entry = await self._entry(outcome, record)
        except RecordGone:
            return waits(LOST_CATALOGUE)
        if entry is None:
            return _ended(outcome, reporter, REJECTED, NOT_OFFERED)
        return JudgedOutcome(
            outcome,
            reporter,
            OutcomeResult(outcome.event_id, ACCEPTED),
            customer_id=record.inputs.customer_id,
            entry=entry,
            time_zone=await self._time_zone(entry, record),
        )

    def _known(self, outcome: Outcome, reporter: Reporter) -> _Known | None:
        """What is on record of this event; None when it is new."""
        try:
            found = self._log.find(event_key(reporter, outcome.event_id))
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

    async def _time_zone(self, entry: np.void, record: DecisionRecord) -> str | None:
        """Where a cap may have been full: only what was seen is held against the caps."""
        if entry["event"] != ContactEvent.IMPRESSION:
            return None
        return await asyncio.to_thread(self._decisions.time_zone_of, record)


def _ended(
    outcome: Outcome, reporter: Reporter, status: OutcomeStatus, detail: str
) -> JudgedOutcome:
    return JudgedOutcome(outcome, reporter, OutcomeResult(outcome.event_id, status, detail))


def reported_before(outcome: Outcome, reporter: Reporter, record: OutcomeRecord) -> JudgedOutcome:
    """A duplicate, which is counted all the same: its first report may not have been."""
    return JudgedOutcome(
        outcome,
        reporter,
        OutcomeResult(outcome.event_id, DUPLICATE, "known event_id"),
        customer_id=record.customer_id,
        entry=np.frombuffer(record.entry, dtype=ENTRY)[0] if record.entry else None,
        time_zone=record.time_zone,
    )
