"""Counts what was heard of customers."""

from __future__ import annotations

from service.telemetry.metrics import Metrics


class OutcomeMetrics:
    """Implements `ports.OutcomeObserver` on the metrics of this process."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def heard(self, status: str) -> None:
        """Count a reported outcome by what became of it."""
        self._metrics.outcomes[status,].inc()

    def overran(self) -> None:
        """Count an impression that broke a cap."""
        self._metrics.cap_overruns.inc()

    def gave_up(self) -> None:
        """Count an outcome that is on record, but in nobody's history."""
        self._metrics.outcomes_given_up.inc()
