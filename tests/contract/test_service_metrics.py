"""Every metric of the service moves when what it counts happens, and no label leaves its set."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from litestar.types import Message

from service.adapters.circuit_breaker import FAILURES_TO_OPEN
from service.adapters.redis_address import redis_address
from service.adapters.redis_customer_store import RedisCustomerStore
from service.adapters.redis_wire import RedisWire
from service.api.admission import Admission
from service.api.desk import STATE_KEY, Desk
from service.api.operations import OPERATIONS
from service.bootstrap import follow_promotions, warm_up
from service.domain.columns import Mask
from service.domain.decision import NoOfferReason, Rung
from service.domain.situation import Situation
from service.ports import OpenedRelease
from service.rules.not_killed import NotKilled
from service.telemetry.kept_going import kept_going
from service.telemetry.line_writer import LineWriter
from service.telemetry.logging import open_log
from service.telemetry.loop_watch import INTERVAL_SECONDS, LoopWatch
from service.telemetry.metrics import Metrics
from tests.fakes import BrokenCustomerStore, FakeCustomerStore, ToyService, toy_record
from tests.toy_release import toy_release
from tests.worlds import VOCABULARY

ASK = {"customer_id": "c", "channel": "mobile_app", "locale": "en"}
LABELS: dict[str, set[str] | None] = {
    "method": {"GET", "POST", "other"},
    "route": {operation.path for operation in OPERATIONS} | {"unmatched"},
    "status": {"200", "404", "405", "503"},
    "channel": {"mobile_app", "sms"},
    "served_from": set(Rung),
    "reason": set(NoOfferReason),
    "result": {"ok", "unreachable", "unreadable", "short_circuited", "adopted", "refused"},
    "cause": {"state_unavailable", "rule_failed"},
    "stage": {"rule"},
    "name": {"not_killed"},
    "bundle": {"toy-1", "toy-2"},
    "ranker": {"lightgbm"},
    "work": {"loop_watch"},
    "le": None,
}


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


@pytest.fixture
def service() -> ToyService:
    return ToyService(FakeCustomerStore({"c": toy_record()}))


@pytest.fixture
def client(service: ToyService) -> Iterator[TestClient[Litestar]]:
    with TestClient(service.app(), raise_server_exceptions=False) as connected:
        yield connected


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
    for shelf in (Shelf("toy-2"), Shelf("toy-3", is_refused=True)):
        await follow_promotions(desk, shelf, opened("toy-1")).look()  # type: ignore[arg-type]
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


def refuse_one(metrics: Metrics) -> None:
    """Ask where no request more is admitted."""
    asyncio.run(Admission(metrics, most_in_flight=0).refuse(nowhere))


def test_every_declared_metric_moves_and_no_label_leaves_its_set(service, client) -> None:
    ask_everything(service)
    refuse_one(service.metrics)
    log_too_much(service.metrics)
    desk: Desk = client.app.state[STATE_KEY]
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
