"""The online store's adapter over a real server that holds customers who can be told apart."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

import uvloop
from google.protobuf.timestamp_pb2 import Timestamp
from redis import Redis

from feature_repo.contract import contract_digest
from feature_repo.online_layout import (
    Generation,
    consent_key,
    encode_consents,
    encode_generation,
    feast_key,
    generation_key,
    timestamp_field,
)
from service.adapters.redis_address import redis_address
from service.adapters.redis_customer_store import RedisCustomerStore
from service.adapters.redis_wire import RedisWire
from service.ports import CustomerRecord
from service.telemetry.logging import open_log
from service.telemetry.metrics import Metrics

BANK, VOCABULARY = "toy", ("account", "card")
DEADLINE_SECONDS = 0.025
T = TypeVar("T")


def customer(number: int) -> str:
    """The name of a customer."""
    return f"client-{number:04d}"


def load(redis: Redis, count: int = 1) -> None:
    """So many customers: number n's features are of day n + 1, and n is in her consents."""
    with redis.pipeline(transaction=False) as pipe:
        for number in range(count):
            name = customer(number)
            stamp = Timestamp(seconds=(number + 1) * 86_400).SerializeToString()
            pipe.hset(feast_key(BANK, name), timestamp_field("product_holdings"), stamp)
            state = encode_consents(BANK, name, {f"c{number}/outbound": "given"})
            pipe.set(consent_key(BANK, name), state)
        marker = Generation("1", BANK, list(VOCABULARY), "0" * 64, contract_digest())
        pipe.set(generation_key(BANK), encode_generation(marker))
        pipe.execute()


def is_about(record: CustomerRecord, number: int) -> bool:
    """Whether features and consents are those of this customer and of nobody else."""
    assert record.features is not None
    assert record.consents is not None
    day = record.features.event_days["product_holdings"][0]
    return bool(day == number + 1) and set(record.consents.statuses) == {f"c{number}/outbound"}


@dataclass
class StoreUnderTest:
    """The adapter as the service makes it; each `run` is one worker's life."""

    url: str
    metrics: Metrics = field(default_factory=Metrics)
    stream: io.BytesIO = field(default_factory=io.BytesIO)

    def run(self, use: Callable[[RedisCustomerStore], Awaitable[T]]) -> T:
        """Use the adapter in an event loop like the service's."""

        async def session() -> T:
            wire = RedisWire(redis_address(self.url))
            store = RedisCustomerStore(
                wire,
                bank=BANK,
                product_vocabulary=VOCABULARY,
                metrics=self.metrics,
                log=open_log(self.stream, level="info"),
            )
            try:
                return await use(store)
            finally:
                await wire.aclose()
                await asyncio.sleep(0)

        return in_service_loop(session())

    def count(self, result: str) -> float:
        """How many reads ended so."""
        value = self.metrics.registry.get_sample_value
        return value("nbo_customer_reads_total", {"result": result}) or 0.0

    @property
    def breaker_is_open(self) -> bool:
        """What the gauge says."""
        return self.metrics.registry.get_sample_value("nbo_store_breakers_open") == 1.0

    @property
    def log(self) -> str:
        """Everything logged."""
        return self.stream.getvalue().decode()


def in_service_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run on the loop the service runs on."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


async def read(
    store: RedisCustomerStore, number: int = 0, *, within_seconds: float = DEADLINE_SECONDS
) -> CustomerRecord:
    """One read, under the service's deadline unless told otherwise."""
    return await store.read(customer(number), within_seconds=within_seconds)


async def readable_again(store: RedisCustomerStore, within_seconds: float = 10.0) -> CustomerRecord:
    """The first record that came after a fault; fails when none comes."""
    async with asyncio.timeout(within_seconds):
        while True:
            record = await read(store)
            if record.reachable:
                return record
            await asyncio.sleep(0.01)
