"""A Redis that drops keys when it is full: not one to be ready on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis

from nbo.loopback_ports import LOOPBACK
from service.adapters.redis_address import redis_address
from service.adapters.redis_wire import RedisWire
from service.adapters.store_policy import StorePolicy
from service.api.readiness import Readiness
from service.use_cases.watch_store_policy import WatchStorePolicy
from tests.faults.redis_process import RedisProcess
from tests.redis_adapter import in_service_loop


@pytest.fixture
def redis(server: RedisProcess) -> Iterator[Redis]:
    with server.client() as client:
        yield client


@pytest.mark.parametrize("hides_its_configuration", [False, True])
def test_a_store_that_evicts_makes_the_service_not_ready_until_it_does_so_no_more(
    redis: Redis, server: RedisProcess, hides_its_configuration: bool
) -> None:
    readiness, address = Readiness(), server.url
    if hides_its_configuration:  # as managed servers do
        redis.execute_command("ACL", "SETUSER", "guest", "on", ">secret", "~*", "+@all", "-config")
        address = f"redis://guest:secret@{LOOPBACK}:{server.port}/0"

    async def watched() -> list[bool]:
        wire = RedisWire(redis_address(address))
        watch = WatchStorePolicy(StorePolicy(wire), reporting(readiness))
        await watch.start()
        seen = [passed(readiness)]
        for policy in ("allkeys-lru", "noeviction"):
            redis.config_set("maxmemory-policy", policy)
            await watch.look()
            seen.append(passed(readiness))
        await wire.aclose()
        return seen

    assert in_service_loop(watched()) == [True, False, True]


def test_a_store_whose_policy_cannot_be_asked_keeps_the_last_verdict(
    redis: Redis, server: RedisProcess
) -> None:
    readiness = Readiness()

    async def watched() -> list[bool]:
        wire = RedisWire(redis_address(server.url))
        watch = WatchStorePolicy(StorePolicy(wire), reporting(readiness))
        with server.frozen():
            await watch.start()
        seen = [passed(readiness)]
        redis.config_set("maxmemory-policy", "volatile-ttl")
        await watch.look()
        seen.append(passed(readiness))
        with server.frozen():
            await watch.look()
        seen.append(passed(readiness))
        await wire.aclose()
        return seen

    try:
        assert in_service_loop(watched()) == [True, False, False]
    finally:
        redis.config_set("maxmemory-policy", "noeviction")


def reporting(readiness: Readiness):
    def verdict(*, passed: bool, detail: str) -> None:
        readiness.report("store_policy", passed=passed, detail=detail)

    return verdict


def passed(readiness: Readiness) -> bool:
    (check,) = [check for check in readiness.checks if check.name == "store_policy"]
    return check.passed
