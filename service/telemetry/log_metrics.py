"""Measures the event log, and says when it fails and when it is back."""

from __future__ import annotations

from service.errors import LogUnavailable
from service.ports import RecordKind
from service.telemetry.logging import Log
from service.telemetry.metrics import Metrics


class LogMetrics:
    """Implements the event log's watch on the metrics and the log lines of this process."""

    def __init__(self, metrics: Metrics, log: Log) -> None:
        self._metrics, self._log = metrics, log
        self._failure = ""

    def recorded(self, kind: RecordKind) -> None:
        """Count a record by its kind."""
        self._metrics.log_records[kind,].inc()
        self.recovered()

    def synced(self, seconds: float) -> None:
        """Time one group commit."""
        self._metrics.log_sync_duration.observe(seconds)

    def failed(self, error: LogUnavailable) -> None:
        """Count what could not be written or brought to disk; the first of a row is a line."""
        self._metrics.log_failures.inc()
        if not self._failure:
            self._failure = str(error)
            self._log.error("event_log_failed", detail=self._failure)

    def recovered(self) -> None:
        """A line when it failed before."""
        if self._failure:
            self._log.warning("event_log_recovered", failed_before=self._failure)
            self._failure = ""
