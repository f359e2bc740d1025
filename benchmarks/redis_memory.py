"""How many bytes of Redis one customer takes: features, consent state and the server's overhead."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import msgspec
from redis import Redis

from benchmarks.bank_shape import BANK, customer_id
from benchmarks.bench_bank import build_bank
from benchmarks.private_redis import private_redis
from feature_repo.online_layout import consent_key, feast_key
from training.features.online import materialize


class RedisMemory(msgspec.Struct, frozen=True):
    """Bytes a customer: of the whole server, and of one customer's two keys."""

    customers: int
    bytes_per_customer: float
    feature_hash_bytes: int
    consent_state_bytes: int
    load_seconds: float


def measure_redis_memory(customers: int) -> RedisMemory:
    """Load so many customers into an empty private Redis and compare its memory."""
    with tempfile.TemporaryDirectory(prefix="nbo-bench-") as folder, private_redis() as server:
        home = build_bank(Path(folder), customers, with_model=False)
        with Redis.from_url(server.url) as redis:
            before = _used(redis)
            started = time.perf_counter()
            materialize(home, server.url)
            seconds = time.perf_counter() - started
            sample = customer_id(customers // 2)
            return RedisMemory(
                customers,
                (_used(redis) - before) / customers,
                _size(redis, feast_key(BANK, sample)),
                _size(redis, consent_key(BANK, sample)),
                seconds,
            )


def _used(redis: Redis) -> int:
    return int(redis.info("memory")["used_memory"])


def _size(redis: Redis, key: bytes | str) -> int:
    return int(redis.memory_usage(key, samples=0) or 0)
