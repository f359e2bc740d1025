"""Every metric of the service: prefix `nbo_`, unit in the name, closed label sets, never an id."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

CONTENT_TYPE = CONTENT_TYPE_LATEST
LATENCY_BUCKETS = (
    0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 1.0,
)  # fmt: skip


class Metrics:
    """One registry of its own, so that two services in one process never share a count."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.http_requests = self._counter(
            "nbo_http_requests_total",
            "HTTP answers; `route` is the path template, or unmatched",
            ("method", "route", "status"),
        )
        self.http_request_duration = self._histogram(
            "nbo_http_request_duration_seconds",
            "From the first byte of a request to the last of its answer",
            ("method", "route"),
        )
        self.http_requests_in_flight = Gauge(
            "nbo_http_requests_in_flight",
            "Requests begun and not yet answered",
            registry=self.registry,
        )
        self.decisions = self._counter(
            "nbo_decisions_total",
            "Decisions made; `served_from` is the rung of the ladder",
            ("channel", "served_from"),
        )
        self.decision_duration = self._histogram(
            "nbo_decision_duration_seconds",
            "One decision with its read, also when it failed",
            ("channel",),
        )
        self.offers = self._counter("nbo_offers_total", "Offers in answers", ("channel",))
        self.no_offers = self._counter(
            "nbo_no_offers_total", "Placements left empty", ("channel", "reason")
        )
        self.degradations = self._counter(
            "nbo_degradations_total",
            "Causes named in degraded_reasons, without what they concern",
            ("cause",),
        )
        self.stage_failures = self._counter(
            "nbo_stage_failures_total", "Stages that raised", ("stage", "name")
        )
        self.customer_reads = self._counter(
            "nbo_customer_reads_total",
            "Reads of the online store: ok, unreachable, unreadable",
            ("result",),
        )
        self.customer_read_duration = self._histogram(
            "nbo_customer_read_duration_seconds",
            "The one pipelined read of a decision, also when it failed",
            (),
        )

    def exposition(self) -> bytes:
        """Everything in the Prometheus text format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, meaning: str, labels: tuple[str, ...]) -> Counter:
        return Counter(name, meaning, labels, registry=self.registry)

    def _histogram(self, name: str, meaning: str, labels: tuple[str, ...]) -> Histogram:
        return Histogram(name, meaning, labels, buckets=LATENCY_BUCKETS, registry=self.registry)
