"""A Redis of its own for every test module that asks for one, empty for every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis

from tests.redis_server import private_redis


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with private_redis() as url:
        yield url


@pytest.fixture
def redis(address: str) -> Iterator[Redis]:
    # The server belongs to this module alone.
    with Redis.from_url(address) as client:
        client.flushdb()
        yield client
