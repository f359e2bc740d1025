"""One worker of `nbo serve` while its Redis fails, its clients leave, or too many come."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from nbo.loopback_ports import LOOPBACK
from tests.faults.conftest import ToyInstallation
from tests.faults.http_load import Answer, Customers, encoded, exchange
from tests.faults.served_bank import ServedBank, logged, served, until
from tests.toy_bank import CUSTOMERS

MOST_IN_FLIGHT = 8
CROWD = 3 * MOST_IN_FLIGHT
STRANGERS = 1_000


@pytest.fixture(scope="module")
def bank(
    installation: ToyInstallation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServedBank]:
    environment = installation.environment(NBO_MAX_IN_FLIGHT=str(MOST_IN_FLIGHT))
    with served(environment, tmp_path_factory.mktemp("logs")) as bank:
        yield bank


def is_full(bank: ServedBank) -> bool:
    return bool(bank.decide(CUSTOMERS[0]).json()["served_from"] == "full")


def test_a_frozen_redis_costs_no_error_no_wait_and_no_offer_and_is_full_again_after(
    bank: ServedBank, installation: ToyInstallation
) -> None:
    until(lambda: is_full(bank))
    asking = Customers(bank.port, CUSTOMERS, pause_seconds=0.005)
    with asking.asking() as seen:
        asking.wait()
        with installation.redis.frozen():
            until(lambda: bank.metric("nbo_store_breakers_open") == 1.0)
            frozen = time.monotonic()
            asking.wait()
            asking.wait()
            thawed = time.monotonic()
        until(lambda: any(answer.rung == "full" for answer in seen.since(thawed)))
    meanwhile = [answer for answer in seen.since(frozen) if answer.at < thawed]
    assert set(seen.statuses) == {200}
    assert seen.lost == []
    assert meanwhile
    assert not any(answer.offers for answer in meanwhile)
    assert all("state_unavailable" in a.document["degraded_reasons"] for a in meanwhile)
    assert bank.metric("nbo_customer_reads_total", result="short_circuited") > 0
    until(lambda: bank.metric("nbo_store_breakers_open") == 0.0)
    # Told once each way, and not once for every customer.
    assert len(logged(bank, "online_store")) < 20
    assert bank.check("store_policy")["passed"]


def test_after_a_restart_empty_nothing_is_marketed_until_the_features_are_loaded(
    bank: ServedBank, installation: ToyInstallation, reload: Callable[[], None]
) -> None:
    until(lambda: is_full(bank))
    installation.redis.kill()
    installation.redis.start()
    until(lambda: reasons(bank) == ["state_not_loaded"])
    for customer in CUSTOMERS:
        answer = bank.decide(customer).json()
        assert not any(place["offers"] for place in answer["placements"])
        assert answer["placements"][0]["no_offer_reason"] == "state_unavailable"
    reload()
    until(lambda: is_full(bank))


def reasons(bank: ServedBank) -> list[str]:
    answered: list[str] = bank.decide(CUSTOMERS[0]).json()["degraded_reasons"]
    return answered


def test_a_thousand_strangers_leave_what_caps_count_and_get_what_a_stranger_may(
    bank: ServedBank, installation: ToyInstallation
) -> None:
    until(lambda: is_full(bank))
    with installation.redis.client() as client:
        before = set(client.scan_iter())
        answers = asyncio.run(one_after_another(bank, [f"x{n}" for n in range(STRANGERS)]))
        left = set(client.scan_iter()) - before
    assert all(key.endswith(b"}:contacts") for key in left)
    assert len(left) <= STRANGERS
    # On a busy machine a read may come too late; whoever was read is known to be unknown.
    read = [a for a in answers if "state_unavailable" not in a.document["degraded_reasons"]]
    assert len(read) > STRANGERS / 2
    assert {answer.status for answer in answers} == {200}
    assert {answer.rung for answer in read} == {"context_only"}
    offered = {offer["offer_id"] for answer in answers for offer in answer.offers}
    assert offered <= {"visit"}  # the other offer needs consent to third parties


async def one_after_another(bank: ServedBank, ids: list[str]) -> list[Answer]:
    streams = await asyncio.open_connection(LOOPBACK, bank.port)
    try:
        return [await exchange(*streams, encoded(customer_id)) for customer_id in ids]
    finally:
        streams[1].close()


def test_three_times_more_than_it_bears_are_told_at_once_to_come_later(
    bank: ServedBank, installation: ToyInstallation
) -> None:
    """Redis is frozen, so that whoever is admitted stays in flight until the deadline."""
    until(lambda: is_full(bank))
    shed = bank.metric("nbo_http_requests_shed_total")
    with installation.redis.frozen():
        answers = asyncio.run(at_once(bank, CROWD))
    refused = [answer for answer in answers if answer.status == 503]
    assert {answer.status for answer in answers} == {200, 503}
    assert len(refused) >= CROWD / 3
    for answer in refused:
        assert answer.headers["retry-after"] == "1"
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.document["type"].endswith("too-many-in-flight")
    served_first = min(answer.at for answer in answers if answer.status == 200)
    assert all(answer.at <= served_first for answer in refused[: len(refused) // 2])
    assert bank.metric("nbo_http_requests_shed_total") == shed + len(refused)
    assert bank.get("/health/ready").status_code == 200
    until(lambda: is_full(bank))


async def at_once(bank: ServedBank, count: int) -> list[Answer]:
    streams = [await asyncio.open_connection(LOOPBACK, bank.port) for _ in range(count)]
    try:
        asked = (exchange(*pair, encoded(CUSTOMERS[0])) for pair in streams)
        return await asyncio.gather(*asked)
    finally:
        for _, writer in streams:
            writer.close()


def test_clients_that_leave_before_their_answer_or_amid_their_body_cost_nothing(
    bank: ServedBank,
) -> None:
    whole = encoded(CUSTOMERS[0])
    for sent in (whole, whole[:-5], whole[:40]):
        for _ in range(2 * MOST_IN_FLIGHT):
            with socket.create_connection((LOOPBACK, bank.port)) as client:
                client.sendall(sent)
    # Each would have kept a slot for ever, had leaving not been noticed.
    until(lambda: bank.metric("nbo_http_requests_in_flight") <= 1.0)
    until(lambda: is_full(bank))
    assert "internal-error" not in bank.log
    assert "Traceback" not in bank.log


def test_bodies_that_are_slow_to_come_take_no_place_from_others(bank: ServedBank) -> None:
    shed = bank.metric("nbo_http_requests_shed_total")
    with ExitStack() as slow:
        for _ in range(2 * MOST_IN_FLIGHT):
            client = slow.enter_context(socket.create_connection((LOOPBACK, bank.port)))
            client.sendall(encoded(CUSTOMERS[0])[:-5])
        until(lambda: bank.metric("nbo_http_requests_in_flight") > MOST_IN_FLIGHT)
        assert bank.decide(CUSTOMERS[0]).status_code == 200
    assert bank.metric("nbo_http_requests_shed_total") == shed
