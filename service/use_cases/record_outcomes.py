"""Takes what customers did with offers: judged, durable, then counted in the shared memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

import msgspec

from service.domain.catalogue import Catalogue
from service.domain.outcomes import Outcome
from service.domain.principal import Principal
from service.errors import LogUnavailable, RecordDamaged
from service.ports import Clock, EventLog, NoteStatus, OutcomeObserver, RecordKind
from service.use_cases.count_outcomes import CountOutcomes, Uncounted
from service.use_cases.judge_outcomes import JudgedOutcome, JudgeOutcomes, reported_before
from service.use_cases.outcome_backlog import LONGEST_WAIT, OutcomeBacklog
from service.use_cases.outcome_records import (
    ACCEPTED,
    DUPLICATE,
    QUARANTINED,
    REJECTED,
    OutcomeRecord,
    OutcomeResult,
)
from service.use_cases.replay_decision import RecordedDecisions

LOOK_SECONDS = 0.1
MOST_LOOKED_AT = 128
_DECODER = msgspec.msgpack.Decoder(OutcomeRecord)


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
        self._judge = JudgeOutcomes(decisions, log, clock, catalogue=catalogue)
        self._log, self._clock = log, clock
        self._counting, self._observer = counting, observer
        self._backlog = OutcomeBacklog(log, observer)

    async def __call__(
        self, outcomes: Sequence[Outcome], principal: Principal
    ) -> list[OutcomeResult]:
        """One result per outcome, in order. Raises `LogUnavailable` when nothing can be kept."""
        results = await self._taken(await self._judge.batch(outcomes, principal))
        for result in results:
            self._observer.heard(result.status)
        return results

    async def run(self) -> None:
        """Go on where whoever wrote this chain before was ended; then try again whatever waits
        when it is due, until cancelled.
        """
        await self._backlog.take_up(self._clock.now())
        try:
            while True:
                await asyncio.sleep(LOOK_SECONDS)
                await self.look_again()
                await self._backlog.keep()
        finally:
            self._backlog.keep_now()

    async def look_again(self) -> None:
        """One attempt for each that is due, not too many of them at once."""
        await self._backlog.feed()
        keys = self._backlog.due(MOST_LOOKED_AT)
        records = await asyncio.to_thread(lambda: [self._recorded(key) for key in keys])
        await asyncio.gather(*map(self._again, keys, records))

    async def _taken(self, judged: Sequence[JudgedOutcome]) -> list[OutcomeResult]:
        """What is to be kept is on disk before anything is counted; all of it or none."""
        kept = [(one.key, one.payload()) for one in judged if one.is_to_be_kept]
        self._backlog.expect([key for key, _ in kept])
        for key, payload in kept:
            self._log.append(RecordKind.OUTCOME, payload, key=key)
        if kept:
            await self._log.settle()
        return await asyncio.gather(*map(self._counted, judged))

    async def _counted(self, judged: JudgedOutcome) -> OutcomeResult:
        """Durable already; a memory that cannot be reached now is told again later."""
        result = judged.result
        if result.status is QUARANTINED:
            self._backlog.quarantine(judged.key)
        if judged.entry is None or judged.customer_id is None:
            return result
        uncounted = Uncounted(judged.customer_id, judged.entry, judged.time_zone)
        status = await self._counting.count(uncounted)
        if status is NoteStatus.UNREACHABLE:
            self._backlog.put_off(judged.key)
        else:
            self._backlog.counted(judged.key)
        if status is NoteStatus.DUPLICATE and result.status is ACCEPTED:
            return replace(result, status=DUPLICATE, detail="reported before")
        return result

    async def _again(self, key: bytes, record: OutcomeRecord | None) -> None:
        """One that waits; what was erased or never written waits no longer."""
        if record is None:
            self._backlog.counted(key)
            return
        if record.status == QUARANTINED:
            judged = await self._judge.again(record)
        else:
            judged = reported_before(record.outcome, record.reporter, record)
        with suppress(LogUnavailable):  # then it comes again
            await self._taken([judged])
        if judged.result.status is REJECTED:
            self._backlog.counted(key)
        if self._clock.now() - record.outcome.received_at > LONGEST_WAIT:
            self._backlog.let_go(key)

    def _recorded(self, key: bytes) -> OutcomeRecord | None:
        try:
            found = self._log.find(key)
        except RecordDamaged:
            self._observer.gave_up()
            return None
        if found is None or found.payload is None:
            return None
        try:
            return _DECODER.decode(found.payload)
        except msgspec.DecodeError:  # of another version
            self._observer.gave_up()
            return None
