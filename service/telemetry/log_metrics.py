"""Measures the event log."""

from __future__ import annotations

from service.ports import RecordKind
from service.telemetry.metrics import Metrics


class LogMetrics:
    """Implements the event log's watch on the metrics of this process."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def recorded(self, kind: RecordKind) -> None:
        """Count a record by its kind."""
        self._metrics.log_records[kind,].inc()

    def synced(self, seconds: float) -> None:
        """Time one group commit."""
        self._metrics.log_sync_duration.observe(seconds)

    def failed(self) -> None:
        """Count what could not be written or brought to disk."""
        self._metrics.log_failures.inc()
