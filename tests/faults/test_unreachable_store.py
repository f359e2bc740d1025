"""Redis refuses, freezes, lags, flaps or loses connections: what one read makes of it."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from time import perf_counter

import pytest

from nbo.loopback_ports import LOOPBACK, free_port
from service.adapters.circuit_breaker import FAILURES_TO_OPEN
from service.adapters.redis_customer_store import RedisCustomerStore
from service.ports import CustomerRecord
from tests.faults.loaded_store import (
    StoreUnderTest,
    customer,
    is_about,
    load,
    read,
    readable_again,
)
from tests.faults.redis_process import RedisProcess, redis_process
from tests.faults.tcp_proxy import TcpProxy

GENEROUS_SECONDS = 5.0


@pytest.fixture(scope="module")
def server() -> Iterator[RedisProcess]:
    with redis_process() as started:
        with started.client() as client:
            load(client)
        yield started


@pytest.fixture
def store(server: RedisProcess) -> StoreUnderTest:
    return StoreUnderTest(server.url)


@pytest.fixture
def proxy(server: RedisProcess) -> Iterator[TcpProxy]:
    with TcpProxy(server.port).running() as proxy:
        yield proxy


@pytest.fixture
def distant(proxy: TcpProxy) -> StoreUnderTest:
    """The store as it is reached through the proxy."""
    return StoreUnderTest(f"redis://{LOOPBACK}:{proxy.port}/0")


def test_a_refused_connection_is_an_answer_at_once_and_then_none_is_tried() -> None:
    store = StoreUnderTest(f"redis://{LOOPBACK}:{free_port()}/0")

    async def many(adapter: RedisCustomerStore) -> list[bool]:
        return [(await read(adapter)).reachable for _ in range(100)]

    started = perf_counter()
    assert not any(store.run(many))
    assert perf_counter() - started < GENEROUS_SECONDS
    assert store.breaker_is_open
    assert store.count("unreachable") >= FAILURES_TO_OPEN
    assert store.count("short_circuited") >= 90
    assert store.log.count("online_store") == 1


def test_a_frozen_server_costs_five_deadlines_then_nothing_and_is_used_again_when_it_thaws(
    server: RedisProcess, store: StoreUnderTest
) -> None:
    async def around_a_freeze(adapter: RedisCustomerStore) -> float:
        await readable_again(adapter)
        with server.frozen():
            started = perf_counter()
            for _ in range(100):
                assert not (await read(adapter)).reachable
                await asyncio.sleep(0.01)
            seconds = perf_counter() - started
        assert is_about(await readable_again(adapter), 0)
        return seconds

    # A hundred deadlines one after the other would be 3.5 seconds, and a hundred kept waiting.
    assert store.run(around_a_freeze) < 2.5
    assert store.count("unreachable") < 20
    assert store.count("short_circuited") > 80
    assert not store.breaker_is_open


def test_a_connection_that_hangs_is_given_up_for_a_new_one(
    proxy: TcpProxy, distant: StoreUnderTest
) -> None:
    """Its network has gone and nobody says so: waiting for its replies would take for ever."""

    async def on_a_dead_line(adapter: RedisCustomerStore) -> None:
        await readable_again(adapter)
        proxy.stalls_after_bytes = 0
        assert not (await read(adapter)).reachable
        assert is_about(await readable_again(adapter), 0)

    distant.run(on_a_dead_line)
    assert proxy.connections == 2


def test_a_server_slower_than_the_deadline_costs_its_answers_and_no_more(
    proxy: TcpProxy, distant: StoreUnderTest
) -> None:
    async def slow_then_fast(adapter: RedisCustomerStore) -> None:
        await readable_again(adapter)
        proxy.delay_seconds = 0.1
        started = perf_counter()
        for _ in range(100):
            assert not (await read(adapter)).reachable
        assert perf_counter() - started < GENEROUS_SECONDS
        proxy.delay_seconds = 0.0
        assert is_about(await readable_again(adapter), 0)

    distant.run(slow_then_fast)
    assert distant.count("short_circuited") > 50
    assert not distant.breaker_is_open


def test_a_flapping_network_never_yields_a_wrong_answer_and_never_locks_the_service_out(
    proxy: TcpProxy, distant: StoreUnderTest
) -> None:
    async def flapping(adapter: RedisCustomerStore) -> list[bool]:
        seen = []
        for round_number in range(8):
            proxy.refuses = round_number % 2 == 0
            if proxy.refuses:
                proxy.cut_after_bytes = 0
            for _ in range(10):
                record = await read(adapter)
                seen.append(record.reachable)
                assert not record.reachable or is_about(record, 0)
            await asyncio.sleep(0.05)
        proxy.refuses, proxy.cut_after_bytes = False, None
        await readable_again(adapter)
        return seen

    seen = distant.run(flapping)
    assert not all(seen)
    assert (distant.count("ok") > 0, distant.breaker_is_open) == (True, False)


@pytest.mark.parametrize("received", [0, 1, 40])
def test_a_connection_reset_in_a_reply_costs_no_customer_her_answer(
    proxy: TcpProxy, distant: StoreUnderTest, received: int
) -> None:
    async def reset(adapter: RedisCustomerStore) -> None:
        await readable_again(adapter)
        proxy.cut_after_bytes = received
        assert is_about(await patient_read(adapter), 0)

    distant.run(reset)
    assert (proxy.connections, distant.count("unreachable")) == (2, 0.0)


def test_a_connection_that_is_reset_and_cannot_be_made_again_is_an_answer_at_once(
    proxy: TcpProxy, distant: StoreUnderTest
) -> None:
    async def reset(adapter: RedisCustomerStore) -> None:
        await readable_again(adapter)
        proxy.cut_after_bytes, proxy.refuses = 1, True
        started = perf_counter()
        assert not (await patient_read(adapter)).reachable
        assert perf_counter() - started < GENEROUS_SECONDS
        proxy.refuses = False
        assert is_about(await readable_again(adapter), 0)

    distant.run(reset)
    assert proxy.connections == 3


def test_half_a_reply_is_no_reply(proxy: TcpProxy, distant: StoreUnderTest) -> None:
    async def halved(adapter: RedisCustomerStore) -> None:
        await readable_again(adapter)
        proxy.stalls_after_bytes = 40
        assert not (await read(adapter)).reachable
        assert is_about(await readable_again(adapter), 0)

    distant.run(halved)


def test_what_is_no_redis_is_unreachable() -> None:
    with socket.create_server((LOOPBACK, 0)) as mail:
        thread = threading.Thread(target=greet, args=(mail,), daemon=True)
        thread.start()
        stranger = StoreUnderTest(f"redis://{LOOPBACK}:{mail.getsockname()[1]}/0")
        assert not stranger.run(one_read)
        thread.join()


def greet(mail: socket.socket) -> None:
    connection, _ = mail.accept()
    with connection:
        connection.sendall(b"220 mail.example ESMTP\r\n" * 3)
        with suppress(ConnectionError):
            while connection.recv(1024):
                pass


async def patient_read(adapter: RedisCustomerStore) -> CustomerRecord:
    return await adapter.read(customer(0), within_seconds=30.0)


async def one_read(adapter: RedisCustomerStore) -> bool:
    return (await read(adapter)).reachable


def test_a_server_with_no_connection_left_is_unreachable_until_one_is_free(
    server: RedisProcess, store: StoreUnderTest
) -> None:
    with server.client() as holder:
        holder.config_set("maxclients", 1)

        async def crowded(adapter: RedisCustomerStore) -> None:
            assert not (await read(adapter)).reachable
            holder.config_set("maxclients", 1000)
            assert is_about(await readable_again(adapter), 0)

        try:
            store.run(crowded)
        finally:
            holder.config_set("maxclients", 10_000)
