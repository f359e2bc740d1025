"""A Redis loaded for other products or under another feature contract: nothing to be ready on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis

from feature_repo.online_layout import generation_key
from service.adapters.loaded_features import LoadedFeatures
from service.adapters.redis_address import redis_address
from service.adapters.redis_wire import RedisWire
from service.api.readiness import Readiness
from service.api.wire import CheckAnswer
from service.use_cases.watch_loaded_features import WatchLoadedFeatures
from tests.faults.loaded_store import BANK, VOCABULARY, marker
from tests.faults.redis_process import RedisProcess
from tests.redis_adapter import in_service_loop

KEY = generation_key(BANK)
ANOTHER_CONTRACT = marker(contract="0" * 64)


@pytest.fixture
def redis(server: RedisProcess) -> Iterator[Redis]:
    with server.client() as client:
        client.delete(KEY)
        yield client


async def looking(wire: RedisWire, readiness: Readiness) -> WatchLoadedFeatures:
    def verdict(*, passed: bool, detail: str) -> None:
        readiness.report("features", passed=passed, detail=detail)

    watch = WatchLoadedFeatures(LoadedFeatures(wire, BANK, VOCABULARY), verdict)
    await watch.start()
    return watch


def check(readiness: Readiness) -> CheckAnswer:
    (found,) = [check for check in readiness.checks if check.name == "features"]
    return found


@pytest.mark.parametrize(
    ("misfit", "says"),
    [
        (ANOTHER_CONTRACT, "another feature contract"),
        (marker(product_vocabulary=["card", "account"]), "other products"),
        (marker(bank="other"), "names bank other"),
        (b"\x00", "is damaged"),
    ],
)
def test_a_load_that_does_not_fit_is_told_until_one_does(
    redis: Redis, server: RedisProcess, misfit: bytes, says: str
) -> None:
    readiness = Readiness()

    async def watched() -> list[CheckAnswer]:
        wire = RedisWire(redis_address(server.url))
        watch = await looking(wire, readiness)
        seen = [check(readiness)]
        for stands in (misfit, marker()):
            redis.set(KEY, stands)
            await watch.look()
            seen.append(check(readiness))
        await wire.aclose()
        return seen

    empty, unfit, fitting = in_service_loop(watched())
    assert (empty.passed, unfit.passed, fitting.passed) == (True, False, True)
    assert says in unfit.detail
    assert "nbo features materialize" in unfit.detail


def test_a_store_that_does_not_answer_keeps_the_last_verdict_on_its_load(
    redis: Redis, server: RedisProcess
) -> None:
    readiness = Readiness()

    async def watched() -> list[bool]:
        wire = RedisWire(redis_address(server.url))
        with server.frozen():
            watch = await looking(wire, readiness)
        seen = [check(readiness).passed]
        redis.set(KEY, ANOTHER_CONTRACT)
        await watch.look()
        seen.append(check(readiness).passed)
        with server.frozen():
            await watch.look()
        seen.append(check(readiness).passed)
        await wire.aclose()
        return seen

    assert in_service_loop(watched()) == [True, False, False]
