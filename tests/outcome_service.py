"""The real use cases of outcomes around a log and a memory that forget, and what is reported."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from service.domain.catalogue import Catalogue
from service.domain.outcomes import Outcome, OutcomeKind
from service.domain.principal import LOCAL, AccessScope, Principal, PrincipalKind
from service.domain.situation import Ask, Placement
from service.ports import CustomerRecord, RecordKind
from service.telemetry.metrics import Metrics
from service.telemetry.outcome_metrics import OutcomeMetrics
from service.use_cases.count_outcomes import CountOutcomes
from service.use_cases.decision_command import DecisionCommand
from service.use_cases.make_decision import MakeDecision, Surroundings
from service.use_cases.outcome_records import OutcomeResult
from service.use_cases.record_outcomes import RecordOutcomes
from service.use_cases.replay_decision import RecordedDecisions
from tests.fake_memory import FakeContacts, FixedDecoder, MemoryLog, OneEdition
from tests.fakes import NOW, FakeCustomerStore, FixedClock, toy_record
from tests.toy_release import CountingObserver, toy_edition, toy_release

ASK = Ask("mobile_app", (Placement("home_feed", 2),), "en", trigger="login")
EDITION = toy_edition(toy_release())
OTHERS = Principal("c2", PrincipalKind.CUSTOMER, frozenset({AccessScope.CUSTOMER}), "c2")


class Service:
    """The real use cases around a memory that forgets."""

    def __init__(
        self,
        *,
        log: MemoryLog | None = None,
        catalogue: Catalogue = EDITION.catalogue,
        customer: CustomerRecord | None = None,
    ) -> None:
        self.log, self.contacts, self.metrics = log or MemoryLog(), FakeContacts(), Metrics()
        self.clock = FixedClock()
        watch = OutcomeMetrics(self.metrics)
        self.counting = CountOutcomes(
            self.contacts,
            self.clock,
            watch,
            catalogue=lambda: catalogue,
            within_seconds=0.025,
        )
        self.take = RecordOutcomes(
            RecordedDecisions(
                self.log, OneEdition(EDITION), FixedDecoder(customer or toy_record())
            ),
            self.log,
            self.clock,
            self.counting,
            watch,
            catalogue=lambda: catalogue,
        )

    def decide(self) -> str:
        """The id of a decision that offers buy_fund and take_loan."""
        store = FakeCustomerStore({"c1": toy_record()})
        around = Surroundings(store, FakeContacts(), self.log, self.clock, CountingObserver())
        make = MakeDecision(around, sinks=(), edition=EDITION, state_deadline_seconds=1.0)
        answered = asyncio.run(make(DecisionCommand("c1", ASK), lambda result, named: b""))
        return answered.identity.decision_id

    def report(self, *outcomes: Outcome, principal: Principal = LOCAL) -> list[OutcomeResult]:
        """What they are answered."""
        return asyncio.run(self.take(outcomes, principal))

    def until(self, holds: Callable[[], bool]) -> None:
        """Let the work beside the answers go on until this holds, then end it."""

        async def story() -> None:
            work = asyncio.create_task(self.take.run())
            while not holds():
                await asyncio.sleep(0.01)
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work

        asyncio.run(asyncio.wait_for(story(), 20))

    def kinds(self) -> list[RecordKind]:
        """What is on record, in order."""
        return [record.kind for record in self.log.records]


def outcome(decision_id: str, **changes: object) -> Outcome:
    """She was shown the fund a minute ago."""
    shown = Outcome(
        event_id="e-1",
        decision_id=decision_id,
        offer_id="buy_fund",
        outcome=OutcomeKind.IMPRESSION,
        occurred_at=NOW - timedelta(minutes=1),
        received_at=NOW,
        channel="mobile_app",
    )
    return replace(shown, **changes)  # type: ignore[arg-type]
