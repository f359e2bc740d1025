"""Every metric of the service: prefix `nbo_`, unit in the name, closed label sets, never an id.

Under `nbo serve` each worker keeps its numbers in files of one directory (prometheus-client's
multiprocess mode), so that whichever worker is scraped answers for all of them, the dead included.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

CONTENT_TYPE = CONTENT_TYPE_LATEST
SHARED_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
"""prometheus-client reads it when it is imported: it must stand before the process starts."""
LATENCY_BUCKETS = (
    0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 1.0,
)  # fmt: skip

Metric = TypeVar("Metric")


class Labelled(dict[tuple[str, ...], Metric]):
    """The children of one metric by their label values: found in a sixth of the library's time."""

    def __init__(self, child: Callable[..., Metric]) -> None:
        super().__init__()
        self._child: Callable[..., Metric] = child

    def __missing__(self, labels: tuple[str, ...]) -> Metric:
        child = self[labels] = self._child(*labels)
        return child


class Metrics:
    """One registry of its own, so that two services in one process never share a count."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._http_metrics()
        self._decision_metrics()
        self._store_metrics()
        self._log_metrics()
        self._worker_metrics()

    def exposition(self) -> bytes:
        """Everything in the Prometheus text format; of all workers where they share a directory."""
        shared = os.environ.get(SHARED_DIRECTORY)
        if not shared:
            return generate_latest(self.registry)
        for process in _ended(Path(shared)):
            with suppress(FileNotFoundError):  # another worker was faster
                mark_process_dead(process, shared)  # type: ignore[no-untyped-call]
        collected = CollectorRegistry()
        MultiProcessCollector(collected, shared)  # type: ignore[no-untyped-call]
        return generate_latest(collected)

    def _http_metrics(self) -> None:
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
        self.http_requests_in_flight = self._gauge(
            "nbo_http_requests_in_flight", "Requests begun and not yet answered"
        )
        self.http_requests_shed = self._counter(
            "nbo_http_requests_shed_total",
            "Requests refused at once with 503: too many were in flight",
            ("route",),
        )

    def _decision_metrics(self) -> None:
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
        self.outcomes = self._counter(
            "nbo_outcomes_total",
            "Reported outcomes: accepted, duplicate, quarantined, rejected",
            ("result",),
        )
        self.outcomes_given_up = Counter(
            "nbo_outcomes_given_up_total",
            "Outcomes on record that six attempts, or one worker's memory, were too few for:"
            " `nbo contact rebuild` counts them",
            registry=self.registry,
        )

    def _log_metrics(self) -> None:
        self.log_records = self._counter(
            "nbo_log_records_total", "Records written to the event log", ("kind",)
        )
        self.log_sync_duration = Histogram(
            "nbo_log_sync_duration_seconds",
            "One group commit of the event log to disk",
            buckets=LATENCY_BUCKETS,
            registry=self.registry,
        )
        self.log_failures = Counter(
            "nbo_log_failures_total",
            "Writes and group commits of the event log that failed; nothing unrecorded is offered",
            registry=self.registry,
        )
        self.catalogue_swaps = self._counter(
            "nbo_catalogue_swaps_total",
            "Changed catalogues taken over while serving, or refused",
            ("result",),
        )
        for result in ("adopted", "refused"):  # an increase is seen from zero only
            self.catalogue_swaps[result,].inc(0)
        self.catalogue_refused = self._gauge(
            "nbo_catalogue_refused",
            "Workers that decide with an older catalogue, for they refuse the one that lies there",
        )

    def _store_metrics(self) -> None:
        self.customer_reads = self._counter(
            "nbo_customer_reads_total",
            "Reads of the online store: ok, unreachable, unreadable, short_circuited, abandoned",
            ("result",),
        )
        self.customer_read_duration = Histogram(
            "nbo_customer_read_duration_seconds",
            "The one round trip of a decision, also when it failed",
            buckets=LATENCY_BUCKETS,
            registry=self.registry,
        )
        self.contact_writes = self._counter(
            "nbo_contact_writes_total",
            "Changes of contact histories: commit, release, note; `result` is how each ended",
            ("operation", "result"),
        )
        self.contact_write_duration = Histogram(
            "nbo_contact_write_duration_seconds",
            "The round trip of one change, also when it failed",
            buckets=LATENCY_BUCKETS,
            registry=self.registry,
        )
        self.cap_overruns = Counter(
            "nbo_cap_overruns_total",
            "Impressions reported although a cap was full; they count all the same",
            registry=self.registry,
        )
        self.store_breakers_open = self._gauge(
            "nbo_store_breakers_open", "Workers that stopped asking the online store"
        )

    def _worker_metrics(self) -> None:
        self.worker_starts = Counter(
            "nbo_worker_starts_total",
            "Workers started; more than there are means that some were respawned",
            registry=self.registry,
        )
        self.workers = self._gauge("nbo_workers", "Workers that serve now")
        self.workers_wanted = Gauge(
            "nbo_workers_wanted",
            "Workers the service was told to keep",
            registry=self.registry,
            multiprocess_mode="livemax",
        )
        self.model_info = self._labelled_gauge(
            "nbo_model_info",
            "Workers that decide with this bundle and this ranker (compiled or lightgbm)",
            ("bundle", "ranker"),
        )
        self.model_swaps = self._counter(
            "nbo_model_swaps_total", "Promotions a worker met while serving", ("result",)
        )
        for result in ("adopted", "refused"):
            # A count that begins with its first event shows no increase to alert on.
            self.model_swaps[result,].inc(0)
        self.background_failures = self._counter(
            "nbo_background_failures_total",
            "Work beside the answers that raised and was begun again",
            ("work",),
        )
        self.loop_delay = Histogram(
            "nbo_event_loop_delay_seconds",
            "How late the event loop ran a timer",
            buckets=LATENCY_BUCKETS,
            registry=self.registry,
        )
        self.log_lines_dropped = Counter(
            "nbo_log_lines_dropped_total",
            "Log lines lost because whoever reads them is too slow",
            registry=self.registry,
        )

    def _counter(self, name: str, meaning: str, labels: tuple[str, ...]) -> Labelled[Counter]:
        return Labelled(Counter(name, meaning, labels, registry=self.registry).labels)

    def _histogram(self, name: str, meaning: str, labels: tuple[str, ...]) -> Labelled[Histogram]:
        return Labelled(
            Histogram(name, meaning, labels, buckets=LATENCY_BUCKETS, registry=self.registry).labels
        )

    def _gauge(self, name: str, meaning: str) -> Gauge:
        return Gauge(name, meaning, registry=self.registry, multiprocess_mode="livesum")

    def _labelled_gauge(self, name: str, meaning: str, labels: tuple[str, ...]) -> Labelled[Gauge]:
        return Labelled(
            Gauge(name, meaning, labels, registry=self.registry, multiprocess_mode="livesum").labels
        )


def _ended(shared: Path) -> Iterator[int]:
    """Processes whose gauges still lie there although they are gone."""
    for file in shared.glob("gauge_live*_*.db"):
        process = int(file.stem.rpartition("_")[2])
        if not Path(f"/proc/{process}").exists():
            yield process
