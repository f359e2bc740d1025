"""Many questions at once, cancelled ones, a loop that stands still: every reply finds its asker."""

from __future__ import annotations

import asyncio
import random
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

import pytest

from nbo.loopback_ports import LOOPBACK
from service.adapters.redis_address import redis_address
from service.adapters.redis_customer_store import RedisCustomerStore
from service.adapters.redis_wire import RedisWire
from service.telemetry.logging import open_log
from service.telemetry.loop_watch import LoopWatch
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

CUSTOMERS = 200
IN_FLIGHT = 64
DECISION_SECONDS = 0.002
STALL_SECONDS, SILENT_SECONDS = 0.5, 10.0
PATIENCE_SECONDS = 0.2
"""Shorter than the stall; longer than a busy machine keeps this process from beginning it."""


@pytest.fixture(scope="module")
def server() -> Iterator[RedisProcess]:
    with redis_process() as started:
        with started.client() as client:
            load(client, CUSTOMERS)
        yield started


@pytest.fixture
def store(server: RedisProcess) -> StoreUnderTest:
    return StoreUnderTest(server.url)


def test_every_question_to_a_silent_server_fails_at_its_own_deadline() -> None:
    """One timer serves them all: it must be set again for those that are not due yet."""

    async def ask_all(address: str) -> list[BaseException]:
        wire = RedisWire(redis_address(address))
        asking = [wire.read(b"PING\r\n", 1, within_seconds=seconds) for seconds in (0.05, 0.2, 0.1)]
        given_up = await asyncio.wait_for(
            asyncio.gather(*asking, return_exceptions=True), SILENT_SECONDS
        )
        await wire.aclose()
        return given_up

    with socket.create_server((LOOPBACK, 0)) as silent:
        given_up = asyncio.run(ask_all(f"redis://{LOOPBACK}:{silent.getsockname()[1]}/0"))
    assert [str(error) for error in given_up] == ["TimeoutError"] * 3


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_customer_is_answered_with_another_s_reply_whatever_is_cancelled_or_late(
    server: RedisProcess, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hundreds at once; a third gives up at a random moment, and the network lags and breaks."""
    monkeypatch.setattr("service.adapters.circuit_breaker.FAILURES_TO_OPEN", 10_000)
    rng = random.Random(seed)
    with TcpProxy(server.port).running() as proxy:
        store = StoreUnderTest(f"redis://{LOOPBACK}:{proxy.port}/0")

        async def one(adapter: RedisCustomerStore, number: int) -> bool:
            await asyncio.sleep(rng.random() * 0.3)
            if rng.random() < 0.1:
                proxy.delay_seconds = rng.choice([0.0, 0.0, 0.01, 0.05])
            if rng.random() < 0.02:
                proxy.cut_after_bytes = rng.randrange(300)
            seconds = rng.choice([0.005, 5.0, 5.0, 5.0])
            record = await adapter.read(customer(number), within_seconds=seconds)
            assert not record.reachable or is_about(record, number)
            return record.reachable

        async def storm(adapter: RedisCustomerStore) -> tuple[int, int]:
            tasks = [
                asyncio.ensure_future(one(adapter, rng.randrange(CUSTOMERS))) for _ in range(600)
            ]
            for task in rng.sample(tasks, len(tasks) // 3):
                asyncio.get_running_loop().call_later(rng.random() * 0.35, task.cancel)
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            wrong = [end for end in ended if isinstance(end, Exception)]
            assert not wrong, wrong[0]
            proxy.delay_seconds, proxy.cut_after_bytes = 0.0, None
            await readable_again(adapter)
            for number in range(CUSTOMERS):
                record = await adapter.read(customer(number), within_seconds=5.0)
                assert is_about(record, number)
            return ended.count(True), sum(isinstance(e, asyncio.CancelledError) for e in ended)

        answered, cancelled = store.run(storm)
    assert answered > 20
    assert cancelled > 0
    assert store.count("unreadable") == 0.0


def test_a_reply_that_has_come_and_waits_its_turn_is_no_timeout(store: StoreUnderTest) -> None:
    """With all slots taken the last decision begins long after the deadline of its read."""

    async def deciding(adapter: RedisCustomerStore, number: int) -> bool:
        record = await read(adapter, number)
        time.sleep(DECISION_SECONDS)
        return record.reachable and is_about(record, number)

    async def crowd(adapter: RedisCustomerStore) -> list[bool]:
        await readable_again(adapter)
        return await asyncio.gather(*(deciding(adapter, number) for number in range(IN_FLIGHT)))

    assert all(store.run(crowd))
    assert store.count("unreachable") == 0.0


@pytest.mark.parametrize("where", ["in a task", "in a callback of another socket"])
def test_after_the_loop_stood_still_the_replies_that_came_meanwhile_are_used_and_it_is_measured(
    server: RedisProcess, store: StoreUnderTest, where: str
) -> None:
    async def stalled(adapter: RedisCustomerStore) -> list[bool]:
        watch = LoopWatch(store.metrics, open_log(store.stream, level="info"))
        watching = asyncio.ensure_future(watch.run())
        await readable_again(adapter)
        before = store.count("unreachable")
        patient = partial(read, adapter, within_seconds=PATIENCE_SECONDS)
        if where == "in a task":
            reads = [asyncio.ensure_future(patient(number)) for number in range(20)]
            await asyncio.sleep(0)  # all have asked
            time.sleep(STALL_SECONDS)
            records = await asyncio.gather(*reads)
        else:
            asked = map(patient, range(20))
            with ExitStack() as frozen:
                frozen.enter_context(server.frozen())
                _, *records = await asyncio.gather(stall_in_callback(frozen.close), *asked)
        assert store.count("unreachable") == before
        await asyncio.sleep(0.15)
        watching.cancel()
        return [is_about(record, number) for number, record in enumerate(records)]

    assert all(store.run(stalled))
    value = store.metrics.registry.get_sample_value
    late = value("nbo_event_loop_delay_seconds_sum")
    assert late is not None
    assert late > STALL_SECONDS / 2


async def stall_in_callback(thaw: Callable[[], None]) -> None:
    """Block where sockets are looked at, and let the replies come only then: timers are next."""
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    here, there = socket.socketpair()

    def block() -> None:
        loop.remove_reader(here)
        thaw()
        time.sleep(STALL_SECONDS)
        done.set_result(None)

    with here, there:
        here.setblocking(False)
        loop.add_reader(here, block)
        there.send(b"x")
        await done
