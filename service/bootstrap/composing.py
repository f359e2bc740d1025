"""The use cases wired to one another and put on a desk, whatever they work on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial

from service.api.authentication import Access
from service.api.desk import Desk
from service.api.readiness import Readiness
from service.api.tracking_tokens import TrackingTokens
from service.bootstrap.following import stop
from service.domain.catalogue import Catalogue
from service.ports import ModelShelf, OutcomeObserver
from service.sinks import SINKS
from service.telemetry.decision_log import DecisionLog
from service.telemetry.logging import Log
from service.telemetry.metrics import Metrics
from service.use_cases.count_outcomes import NOTE_SECONDS, CountOutcomes
from service.use_cases.edition import Edition
from service.use_cases.follow_kill_switches import FollowKillSwitches
from service.use_cases.make_decision import MakeDecision, Surroundings
from service.use_cases.record_outcomes import RecordOutcomes
from service.use_cases.replay_decision import CustomerDecoder, PastEditions, RecordedDecisions
from service.use_cases.set_kill_switch import KillSwitchStore, SetKillSwitch


@dataclass(frozen=True)
class Outside:
    """What the use cases touch outside themselves, and how long they wait for Redis."""

    around: Surroundings
    past_editions: PastEditions
    decoder: CustomerDecoder
    switches: KillSwitchStore
    models: ModelShelf
    outcome_observer: OutcomeObserver
    within_seconds: float


@dataclass(frozen=True)
class Front:
    """What stands between the use cases and whoever asks."""

    access: Access
    tokens: TrackingTokens
    readiness: Readiness
    metrics: Metrics
    log: Log
    decision_log: DecisionLog
    farewell_seconds: float = 0.0


@dataclass(frozen=True)
class UseCases:
    """One of each, made when first asked for; all see the edition that decides now."""

    outside: Outside
    edition: Edition

    def desk(self, front: Front) -> Desk:
        """All of them behind this front."""
        return Desk(
            make_decision=self.make_decision,
            decisions=self.decisions,
            record_outcomes=self.record_outcomes,
            set_kill_switch=self.set_kill_switch,
            follow_kills=self.follow_kills,
            access=front.access,
            models=self.outside.models,
            tokens=front.tokens,
            clock=self.outside.around.clock,
            readiness=front.readiness,
            metrics=front.metrics,
            log=front.log,
            decision_log=front.decision_log,
            farewell_seconds=front.farewell_seconds,
        )

    @cached_property
    def make_decision(self) -> MakeDecision:
        """Decides, and tells every sink."""
        around = self.outside.around
        return MakeDecision(
            around,
            sinks=tuple(sink(around.observer) for sink in SINKS),
            edition=self.edition,
            state_deadline_seconds=self.outside.within_seconds,
        )

    @cached_property
    def decisions(self) -> RecordedDecisions:
        """Reads what was decided."""
        outside = self.outside
        return RecordedDecisions(outside.around.log, outside.past_editions, outside.decoder)

    @cached_property
    def counting(self) -> CountOutcomes:
        """Counts outcomes in the customers' histories."""
        return CountOutcomes(
            self.outside.around.contacts,
            self.outside.around.clock,
            self.outside.outcome_observer,
            catalogue=self._catalogue,
            within_seconds=max(self.outside.within_seconds, NOTE_SECONDS),
        )

    @cached_property
    def record_outcomes(self) -> RecordOutcomes:
        """Takes outcomes, held against recorded decisions."""
        return RecordOutcomes(
            self.decisions,
            self.outside.around.log,
            self.outside.around.clock,
            self.counting,
            self.outside.outcome_observer,
            catalogue=self._catalogue,
        )

    @cached_property
    def follow_kills(self) -> FollowKillSwitches:
        """Takes what is stopped out of the decisions."""
        return FollowKillSwitches(self.outside.switches, adopt=partial(stop, self.make_decision))

    @cached_property
    def set_kill_switch(self) -> SetKillSwitch:
        """Stops and lifts, in force here at once."""
        return SetKillSwitch(
            self.outside.switches,
            self.outside.around.log,
            clock=self.outside.around.clock,
            catalogue=self._catalogue,
            models=self.outside.models,
            follow=self.follow_kills.look,
        )

    def _catalogue(self) -> Catalogue:
        return self.make_decision.edition.catalogue
