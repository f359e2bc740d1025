"""A Redis of its own for every test module that asks for one, empty for every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from tests.redis_server import private_redis, redis_binaries


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with private_redis() as url:
        yield url


@pytest.fixture(scope="module", params=redis_binaries(), ids=lambda path: Path(path).parent.name)
def any_server(request: pytest.FixtureRequest) -> Iterator[str]:
    """The same of every server at hand: before Redis 7 scripts fail in other words."""
    with private_redis(request.param) as url:
        yield url


@pytest.fixture
def redis(address: str) -> Iterator[Redis]:
    # The server belongs to this module alone.
    with Redis.from_url(address) as client:
        client.flushdb()
        yield client
