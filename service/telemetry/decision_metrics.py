"""Counts what was decided."""

from __future__ import annotations

from service.domain.decision import Decision
from service.telemetry.metrics import Metrics


class DecisionMetrics:
    """Implements `ports.DecisionObserver` on the metrics of this process."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def decided(self, decision: Decision, *, channel: str) -> None:
        """Count the decision by rung, its offers, its empty placements and why it was degraded."""
        self._metrics.decisions[channel, decision.rung].inc()
        for reason in decision.degraded_reasons:
            self._metrics.degradations[reason.partition(":")[0],].inc()
        for slate in decision.slates:
            self._metrics.offers[channel,].inc(len(slate.rows))
            if slate.no_offer_reason is not None:
                self._metrics.no_offers[channel, slate.no_offer_reason].inc()

    def stage_failed(self, stage: str, name: str) -> None:
        """Count the failed stage."""
        self._metrics.stage_failures[stage, name].inc()
