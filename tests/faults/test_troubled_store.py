"""Redis answers, but not as it should: full, busy, garbage, emptied."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import OutOfMemoryError, RedisError
from redis.retry import Retry

from feature_repo.contract import VIEWS
from feature_repo.online_layout import consent_key, feast_key, generation_key, timestamp_field
from service.adapters.redis_customer_store import RedisCustomerStore
from tests.faults.loaded_store import (
    BANK,
    StoreUnderTest,
    customer,
    is_about,
    load,
    read,
    readable_again,
)
from tests.faults.redis_process import RedisProcess, redis_process

ENDLESS = "while true do end"


@pytest.fixture
def redis(server: RedisProcess) -> Iterator[Redis]:
    with server.client() as client:
        client.flushdb()
        load(client, 2)
        yield client


@pytest.fixture
def store(server: RedisProcess, redis: Redis) -> StoreUnderTest:
    return StoreUnderTest(server.url)


def test_a_server_out_of_memory_is_read_on(store: StoreUnderTest, redis: Redis) -> None:
    redis.config_set("maxmemory", 1)
    try:
        with pytest.raises(OutOfMemoryError):
            redis.set("more", "x")
        assert is_about(store.run(readable_again), 0)
    finally:
        redis.config_set("maxmemory", 0)


def test_a_server_busy_with_a_script_is_unreachable_until_the_script_is_killed(
    store: StoreUnderTest, redis: Redis, server: RedisProcess
) -> None:
    redis.config_set("busy-reply-threshold", 1)
    script = threading.Thread(target=run_endlessly, args=(server.url,), daemon=True)

    async def while_busy(adapter: RedisCustomerStore) -> None:
        await readable_again(adapter)
        script.start()
        async with asyncio.timeout(10):
            while (await read(adapter)).reachable:
                await asyncio.sleep(0.001)
        for _ in range(20):
            assert not (await read(adapter)).reachable
        with server.client() as killer:
            killer.script_kill()
        script.join()
        assert is_about(await readable_again(adapter), 0)

    store.run(while_busy)
    assert customer(0) not in store.log


def run_endlessly(url: str) -> None:
    once = Retry(NoBackoff(), 0)
    with Redis.from_url(url, socket_timeout=None, retry=once) as client, suppress(RedisError):
        client.eval(ENDLESS, 0)


@pytest.mark.parametrize("which", ["features", "consents"])
def test_a_key_of_another_type_denies_to_its_customer_and_to_nobody_else(
    store: StoreUnderTest, redis: Redis, which: str
) -> None:
    key = {"features": feast_key(BANK, customer(0)), "consents": consent_key(BANK, customer(0))}
    redis.delete(key[which])
    redis.rpush(key[which], "x")

    async def both(adapter: RedisCustomerStore) -> None:
        await readable_again_of(adapter, 1)
        for _ in range(20):
            assert not (await read(adapter, 0)).reachable
        assert is_about(await adapter.read(customer(1), within_seconds=5.0), 1)

    store.run(both)
    assert not store.breaker_is_open
    assert customer(0) not in store.log


async def readable_again_of(adapter: RedisCustomerStore, number: int) -> None:
    assert (await adapter.read(customer(number), within_seconds=10.0)).reachable


@pytest.mark.parametrize("garbage", [b"", b"\x00" * 9, b"\xff" * 300, "意外".encode(), b"{" * 99])
def test_garbage_in_a_customer_s_keys_is_never_read_as_consent_or_features(
    store: StoreUnderTest, redis: Redis, garbage: bytes
) -> None:
    fields = {timestamp_field(view.name): garbage for view in VIEWS}
    redis.hset(feast_key(BANK, customer(0)), mapping=fields)
    record = store.run(patient_read)
    assert record.reachable
    assert record.features is not None
    assert all(days[0] != days[0] for days in record.features.event_days.values())
    redis.set(consent_key(BANK, customer(0)), garbage)
    assert not store.run(patient_read).reachable
    assert customer(0) not in store.log


async def patient_read(adapter: RedisCustomerStore):
    return await adapter.read(customer(0), within_seconds=10.0)


def test_a_server_restarted_empty_is_not_taken_for_one_that_knows_of_no_refusal() -> None:
    with redis_process() as server:
        with server.client() as client:
            load(client)
        store = StoreUnderTest(server.url)

        async def restarted(adapter: RedisCustomerStore) -> None:
            assert (await readable_again(adapter)).is_loaded
            server.kill()
            server.start()
            empty = await readable_again(adapter)
            assert (empty.is_loaded, empty.features, empty.consents) == (False, None, None)
            with server.client() as client:
                load(client)
            assert (await readable_again(adapter)).is_loaded

        store.run(restarted)


def test_a_marker_that_was_lost_alone_makes_the_store_count_as_empty(
    store: StoreUnderTest, redis: Redis
) -> None:
    redis.delete(generation_key(BANK))
    assert not store.run(readable_again).is_loaded
