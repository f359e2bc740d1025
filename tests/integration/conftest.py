"""A Redis of its own for every test module that asks for one, empty for every test; a home."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from model_registry.home import Home
from tests.redis_server import private_redis, redis_binaries
from tests.toy_bank import identity


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


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home that holds the toy bank, and the one the command line works on."""
    monkeypatch.setenv("NBO_HOME", str(tmp_path))
    home = Home(tmp_path)
    home.write_bank(identity())
    return home
