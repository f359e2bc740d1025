"""The online store's adapter over a real server that holds customers who can be told apart."""

from __future__ import annotations

import asyncio

import msgspec
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
from service.adapters.redis_customer_store import RedisCustomerStore
from service.adapters.redis_wire import RedisWire
from service.ports import CustomerRecord
from service.telemetry.logging import Log
from tests.redis_adapter import AdapterUnderTest

BANK, VOCABULARY = "toy", ("account", "card")
DEADLINE_SECONDS = 0.025


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
        pipe.set(generation_key(BANK), marker())
        pipe.execute()


def marker(**changes: str | list[str]) -> bytes:
    """What a load writes last, with these changes."""
    generation = Generation("1", BANK, list(VOCABULARY), "0" * 64, contract_digest())
    return encode_generation(msgspec.structs.replace(generation, **changes))


def is_about(record: CustomerRecord, number: int) -> bool:
    """Whether features and consents are those of this customer and of nobody else."""
    assert record.features is not None
    assert record.consents is not None
    day = record.features.event_days["product_holdings"][0]
    return bool(day == number + 1) and set(record.consents.statuses) == {f"c{number}/outbound"}


class StoreUnderTest(AdapterUnderTest[RedisCustomerStore]):
    """The adapter that reads customers."""

    def made(self, wire: RedisWire, log: Log) -> RedisCustomerStore:
        """For the bank whose customers are loaded here."""
        return RedisCustomerStore(
            wire, bank=BANK, product_vocabulary=VOCABULARY, metrics=self.metrics, log=log
        )

    def count(self, result: str) -> float:
        """How many reads ended so."""
        value = self.metrics.registry.get_sample_value
        return value("nbo_customer_reads_total", {"result": result}) or 0.0

    @property
    def breaker_is_open(self) -> bool:
        """What the gauge says."""
        return self.metrics.registry.get_sample_value("nbo_store_breakers_open") == 1.0


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
