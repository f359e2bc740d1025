"""Every metric of the service moves when what it counts happens, and no label leaves its set."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from litestar.types import Message

from service.adapters.circuit_breaker import FAILURES_TO_OPEN
from service.adapters.event_log import FileEventLog
from service.adapters.redis_address import redis_address
from service.adapters.redis_contact_store import RedisContactStore
from service.adapters.redis_customer_store import RedisCustomerStore
from service.adapters.redis_wire import RedisWire
from service.api.admission import Admission
from service.api.desk import STATE_KEY, Desk
from service.api.operations import OPERATIONS
from service.bootstrap import follow_promotions, warm_up
from service.bootstrap.following import follow_catalogue
from service.domain.catalogue import Catalogue
from service.domain.columns import Mask
from service.domain.decision import NoOfferReason, Rung
from service.domain.situation import Situation
from service.errors import CatalogueInvalid, LogUnavailable
from service.ports import OpenedRelease, RecordKind, Reservation
from service.rules.not_killed import NotKilled
from service.telemetry.kept_going import kept_going
from service.telemetry.line_writer import LineWriter
from service.telemetry.log_metrics import LogMetrics
from service.telemetry.logging import open_log
from service.telemetry.loop_watch import INTERVAL_SECONDS, LoopWatch
from service.telemetry.metrics import Metrics
from service.telemetry.outcome_metrics import OutcomeMetrics
from service.use_cases.record_versions import RecordVersions
from tests.contact_worlds import EMPTY
from tests.fake_memory import MemoryLog
from tests.fakes import ASK, BrokenCustomerStore, ToyService
from tests.toy_release import toy_release
from tests.worlds import VOCABULARY, toy_catalogue

LABELS: dict[str, set[str] | None] = {
    "method": {"GET", "POST", "other"},
    "route": {operation.path for operation in OPERATIONS} | {"unmatched"},
    "status": {"200", "404", "405", "503"},
    "channel": {"mobile_app", "sms"},
    "served_from": set(Rung),
    "reason": set(NoOfferReason),
    "result": {
        "ok",
        "unreachable",
        "unreadable",
        "short_circuited",
        "adopted",
        "refused",
        "accepted",
    },
    "cause": {"state_unavailable", "rule_failed"},
    "stage": {"rule"},
    "name": {"not_killed"},
    "bundle": {"toy-1", "toy-2"},
    "ranker": {"lightgbm"},
    "work": {"loop_watch"},
    "operation": {"release"},
    "kind": {RecordKind.CATALOGUE},
    "le": None,
}


@dataclass(frozen=True)
class OneCatalogue:
    """A shelf with this catalogue, or one nobody can use."""

    catalogue: Catalogue | None

    version = policy_version = "other"

    def signature(self) -> tuple[object, ...]:
        return (self.version,)

    def read(self) -> OneCatalogue:
        return self

    def take(self, source: OneCatalogue) -> Catalogue:
        if self.catalogue is None:
            raise CatalogueInvalid("offers.yaml:1: broken")
        return self.catalogue


class FailingRule(NotKilled):
    def permits(self, situation: Situation) -> Mask:
        raise ValueError("broken on purpose")


@dataclass(frozen=True)
class Shelf:
    """A champion that opens, or one that is refused."""

    bundle_id: str
    is_refused: bool = False

    def ids(self) -> list[str]:
        return [self.bundle_id]

    def champion(self) -> str | None:
        return self.bundle_id

    def open_champion(self) -> OpenedRelease:
        if self.is_refused:
            return OpenedRelease(None, "altered", is_refused=True)
        return opened(self.bundle_id)


def opened(bundle_id: str) -> OpenedRelease:
    return OpenedRelease(replace(toy_release(), bundle_id=bundle_id), "toy", "lightgbm")


def ask_everything(service: ToyService) -> None:
    """Decisions that work, that find no store, that a rule fails in; and what is no route."""
    edition = service.edition
    broken = replace(edition, pipeline=replace(edition.pipeline, rules=(FailingRule(),)))
    gone = RedisCustomerStore(
        RedisWire(redis_address("redis://127.0.0.1:1/0")),
        bank="toy",
        product_vocabulary=VOCABULARY,
        metrics=service.metrics,
        log=open_log(service.stream, level="error"),
    )
    for variant in (service, replace(service, store=gone), replace(service, edition=broken)):
        with TestClient(variant.app()) as client:
            for _ in range(FAILURES_TO_OPEN + 1):
                assert client.post("/v1/decisions", json=ASK).status_code == 200
            client.get("/v1/nothing")
            client.request("BREW", "/v1/decisions")


async def live_through_promotions(desk: Desk, metrics: Metrics) -> None:
    """A worker starts, adopts the next champion, and refuses the one after."""
    await warm_up(desk, opened("toy-1"))
    versions = RecordVersions(MemoryLog(), desk.clock, bank="toy")
    for shelf in (Shelf("toy-2"), Shelf("toy-3", is_refused=True)):
        await follow_promotions(desk, shelf, opened("toy-1"), versions).look()  # type: ignore[arg-type]
    watch = asyncio.create_task(LoopWatch(metrics, desk.log).run())
    async with kept_going("loop_watch", fails, metrics, desk.log):
        await asyncio.wait({watch}, timeout=3 * INTERVAL_SECONDS)
    watch.cancel()


async def fails() -> None:
    """Work that raises."""
    raise MemoryError


def log_too_much(metrics: Metrics) -> None:
    """Write a line where no line may wait."""
    open_log(
        LineWriter(BytesIO(), most_lines=0, count_dropped=metrics.log_lines_dropped.inc),
        level="info",
    ).info("toy")


def reserve_nowhere(metrics: Metrics) -> None:
    """Take back a reservation where no store is."""
    wire = RedisWire(redis_address("redis://127.0.0.1:1/0"))
    log = open_log(BytesIO(), level="error")
    store = RedisContactStore(wire, bank="toy", metrics=metrics, log=log)
    asyncio.run(store.release(Reservation("c", 0.0, EMPTY, (), 0.0), within_seconds=0.025))


def changed_catalogue() -> Catalogue:
    return replace(toy_catalogue(), version="catalogue-2")


async def follow_catalogues(desk: Desk, *catalogues: Catalogue | None) -> None:
    """One after the other lies there; None is refused."""
    for shelf in map(OneCatalogue, catalogues):
        versions = RecordVersions(MemoryLog(), desk.clock, bank="toy")
        following = follow_catalogue(desk, shelf, versions)  # type: ignore[arg-type]
        for _ in range(2):
            await following.look()


def write_a_log(folder: Path, metrics: Metrics) -> None:
    """One record goes to disk, the next nowhere."""
    watch = LogMetrics(metrics, open_log(BytesIO(), level="error"))
    log = FileEventLog(folder / "log", folder / "anchors", watch=watch)
    asyncio.run(log.open())
    log.append(RecordKind.CATALOGUE, b"toy")
    asyncio.run(log.close())
    watch.failed(LogUnavailable("the log is full"))


def report_outcomes(metrics: Metrics) -> None:
    """One is heard, one overruns a cap, one is given up."""
    watch = OutcomeMetrics(metrics)
    watch.heard("accepted")
    watch.overran()
    watch.gave_up()


def refuse_one(metrics: Metrics) -> None:
    """Ask where no request more is admitted."""
    asyncio.run(Admission(metrics, most_in_flight=0).refuse(nowhere))


def test_every_declared_metric_moves_and_no_label_leaves_its_set(
    service: ToyService, client: TestClient[Litestar], tmp_path: Path
) -> None:
    ask_everything(service)
    refuse_one(service.metrics)
    reserve_nowhere(service.metrics)
    log_too_much(service.metrics)
    report_outcomes(service.metrics)
    write_a_log(tmp_path, service.metrics)
    desk: Desk = client.app.state[STATE_KEY]
    asyncio.run(follow_catalogues(desk, changed_catalogue(), None))
    asyncio.run(live_through_promotions(desk, service.metrics))
    scraped = client.get("/metrics").text
    families = list(service.metrics.registry.collect())
    still = {f.name for f in families if not any(sample.value > 0 for sample in f.samples)}
    assert still == {"nbo_http_requests_in_flight"}
    assert "nbo_log_lines_dropped_total 1.0" in scraped
    assert "nbo_http_requests_in_flight 1.0" in scraped
    samples = [sample for family in families for sample in family.samples]
    seen = {pair for sample in samples for pair in sample.labels.items()}
    assert {name for name, _ in seen} == LABELS.keys()
    assert [(n, value) for n, value in seen if value not in (LABELS[n] or {value})] == []


def test_the_model_in_use_is_told_and_the_one_before_is_not(service, client) -> None:
    asyncio.run(live_through_promotions(client.app.state[STATE_KEY], service.metrics))
    value = service.metrics.registry.get_sample_value
    assert value("nbo_model_info", {"bundle": "toy-2", "ranker": "lightgbm"}) == 1.0
    assert value("nbo_model_info", {"bundle": "toy-1", "ranker": "lightgbm"}) == 0.0
    assert value("nbo_model_swaps_total", {"result": "adopted"}) == 1.0
    assert value("nbo_model_swaps_total", {"result": "refused"}) == 1.0


def test_a_refused_catalogue_is_told_as_long_as_it_lies_there(service, client) -> None:
    desk, value = client.app.state[STATE_KEY], service.metrics.registry.get_sample_value
    asyncio.run(follow_catalogues(desk, None))
    assert value("nbo_catalogue_refused") == 1.0
    asyncio.run(follow_catalogues(desk, changed_catalogue()))
    assert value("nbo_catalogue_refused") == 0.0


def test_work_that_never_failed_counts_zero_failures(service, client) -> None:
    async def live() -> None:
        async with kept_going(
            "promotions", nothing, service.metrics, client.app.state[STATE_KEY].log
        ):
            pass

    asyncio.run(live())
    value = service.metrics.registry.get_sample_value
    assert value("nbo_background_failures_total", {"work": "promotions"}) == 0.0


def test_requests_in_flight_include_the_one_that_asks(client, service) -> None:
    assert "nbo_http_requests_in_flight 1.0" in client.get("/metrics").text
    assert service.metrics.registry.get_sample_value("nbo_http_requests_in_flight") == 0.0


def test_latency_is_observed_also_when_a_decision_fails() -> None:
    service = ToyService(BrokenCustomerStore())
    with TestClient(service.app(), raise_server_exceptions=False) as client:
        client.post("/v1/decisions", json=ASK)
    value = service.metrics.registry.get_sample_value
    assert value("nbo_decision_duration_seconds_count", {"channel": "mobile_app"}) == 1.0
    labels = {"method": "POST", "route": "/v1/decisions", "status": "500"}
    assert value("nbo_http_requests_total", labels) == 1.0


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/", "/v1/decisions"])
def test_a_method_an_address_does_not_have_is_counted_there(service, client, path) -> None:
    assert client.delete(path).status_code == 405
    labels = {"method": "DELETE", "route": path.rstrip("/"), "status": "405"}
    assert service.metrics.registry.get_sample_value("nbo_http_requests_total", labels) == 1.0


def test_what_was_asked_with_head_is_counted_as_such(service, client) -> None:
    client.head("/v1/models")
    labels = {"method": "HEAD", "route": "/v1/models", "status": "200"}
    assert service.metrics.registry.get_sample_value("nbo_http_requests_total", labels) == 1.0


async def nobody(scope: Any, receive: Any, send: Any) -> None:
    """Is never reached."""
    raise AssertionError


async def nothing() -> Any:
    """No message ever comes."""
    return {"type": "http.disconnect"}


async def nowhere(message: Message) -> None:
    """Nobody listens."""
