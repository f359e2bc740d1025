"""One decision, end to end: read once, decide, tell the sinks."""

from __future__ import annotations

from dataclasses import dataclass, replace

from service.domain.catalogue import Treatment
from service.domain.decision import Decision
from service.domain.situation import Ask, Situation
from service.pipeline.engine import decide
from service.pipeline.stages import Sink
from service.ports import Clock, CustomerRecord, CustomerStore, DecisionObserver, Versions
from service.use_cases.edition import Edition
from service.use_cases.know_customer import know_customer


@dataclass(frozen=True)
class DecisionCommand:
    """Who is asked about, and what; a dry run reserves, counts and records nothing."""

    customer_id: str
    ask: Ask
    is_dry_run: bool = False


@dataclass(frozen=True)
class DecisionResult:
    """A decision with the situation it was made in and the words for every chosen row."""

    decision: Decision
    situation: Situation
    treatments: dict[int, Treatment]
    versions: Versions


class MakeDecision:
    """Answers "which offers, in what order, for this customer, in this channel, now?"."""

    def __init__(
        self,
        *,
        store: CustomerStore,
        clock: Clock,
        observer: DecisionObserver,
        sinks: tuple[Sink, ...],
        edition: Edition,
        state_deadline_seconds: float,
    ) -> None:
        self._store, self._clock, self._observer, self._sinks = store, clock, observer, sinks
        self._state_deadline_seconds = state_deadline_seconds
        self.edition = edition

    async def __call__(self, command: DecisionCommand) -> DecisionResult:
        """Decide for one customer; a store that cannot be read yields an empty answer, never an
        error.
        """
        record = await self._store.read(
            command.customer_id, within_seconds=self._state_deadline_seconds
        )
        result = self.decide_for(record, command.ask)
        if not command.is_dry_run:
            self._tell_sinks(result)
        return result

    def decide_for(self, record: CustomerRecord, ask: Ask) -> DecisionResult:
        """The synchronous part: what was read, judged under one edition."""
        edition = self.edition
        situation = self._situation(edition, record, ask)
        decision, trace = decide(situation, edition.pipeline)
        channel, name = edition.channels[ask.channel], ("channel", ask.channel)
        rows = [row for slate in decision.slates for row in slate.rows]
        said = {row: trace.guard(name, channel.say, situation, row) for row in rows}
        for stage, failed in trace.failures:
            self._observer.stage_failed(stage, failed)
        reasons = edition.degraded_reasons + situation.degraded_reasons + trace.reasons()
        return DecisionResult(
            decision=replace(decision, degraded_reasons=tuple(dict.fromkeys(reasons))),
            situation=situation,
            treatments={row: words for row, words in said.items() if words is not None},
            versions=edition.versions,
        )

    def _situation(self, edition: Edition, record: CustomerRecord, ask: Ask) -> Situation:
        as_of = self._clock.as_of()
        customer = know_customer(
            record,
            as_of_days=as_of.timestamp() / 86_400.0,
            product_count=len(edition.product_vocabulary),
            views_with_data=edition.release.views_with_data if edition.release else (),
        )
        return Situation(ask, customer, edition.catalogue, edition.product_codes, as_of)

    def _tell_sinks(self, result: DecisionResult) -> None:
        for sink in self._sinks:
            try:
                sink.receive(result.situation, result.decision)
            except Exception:  # noqa: BLE001 - a sink never costs the customer her answer
                self._observer.stage_failed("sink", sink.name)
