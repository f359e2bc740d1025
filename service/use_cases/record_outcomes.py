"""Takes what customers did with offers: judged, durable, then counted in the shared memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from service.domain.catalogue import Catalogue
from service.domain.outcomes import Outcome
from service.domain.principal import Principal
from service.ports import Clock, EventLog, NoteStatus, OutcomeObserver, RecordKind
from service.use_cases.count_outcomes import CountOutcomes, Uncounted
from service.use_cases.judge_outcomes import JudgedOutcome, JudgeOutcomes
from service.use_cases.outcome_records import (
    ACCEPTED,
    DUPLICATE,
    QUARANTINED,
    OutcomeResult,
    Reporter,
)
from service.use_cases.replay_decision import RecordedDecisions

LOOK_AGAIN_SECONDS = 30.0
LONGEST_WAIT = timedelta(days=30)
MOST_WAITING = 10_000
"""Quarantined outcomes one worker keeps in mind; all of them are on record."""


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
        self._waiting: dict[bytes, JudgedOutcome] = {}

    async def __call__(
        self, outcomes: Sequence[Outcome], principal: Principal
    ) -> list[OutcomeResult]:
        """One result per outcome, in order. Raises `LogUnavailable` when nothing can be kept."""
        reporter = Reporter.of(principal, self._clock.now())
        judged = await self._judge.batch(outcomes, reporter)
        results = await self._kept_and_counted(judged)
        for one, result in zip(judged, results, strict=True):
            self._observer.heard(result.status)
            if result.status is QUARANTINED and len(self._waiting) < MOST_WAITING:
                self._waiting[one.key] = one
        return results

    async def run(self) -> None:
        """Look again for the decisions of quarantined outcomes, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
            await self.look_again()

    async def look_again(self) -> None:
        """Take what waits as if it came now; what waited for 30 days is let go."""
        now = self._clock.now()
        for key, one in tuple(self._waiting.items()):
            again = await self._judge.again(one.record())
            await self._kept_and_counted([again])
            is_late = now - one.outcome.received_at > LONGEST_WAIT
            if again.result.status is not QUARANTINED or is_late:
                del self._waiting[key]

    async def _kept_and_counted(self, judged: Sequence[JudgedOutcome]) -> list[OutcomeResult]:
        """What is to be kept is on disk before anything is counted; all of it or none."""
        kept = [(one.key, one.payload()) for one in judged if one.is_to_be_kept]
        for key, payload in kept:
            self._log.append(RecordKind.OUTCOME, payload, key=key)
        if kept:
            await self._log.settle()
        return await asyncio.gather(*map(self._counted, judged))

    async def _counted(self, judged: JudgedOutcome) -> OutcomeResult:
        """Durable already; a memory that cannot be reached now is told again later."""
        if judged.entry is None or judged.customer_id is None:
            return judged.result
        uncounted = Uncounted(judged.customer_id, judged.entry, judged.time_zone)
        status = await self._counting.count(uncounted)
        if status is NoteStatus.DUPLICATE and judged.result.status is ACCEPTED:
            return replace(judged.result, status=DUPLICATE, detail="reported before")
        return judged.result
