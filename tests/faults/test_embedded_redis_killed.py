"""The embedded Redis of a running `nbo serve` is killed: found again, never believed too much."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from redis import Redis

from feature_repo.online_layout import generation_key
from nbo.embedded_redis import embedded_redis
from nbo.redis_server import Address, RedisServer
from tests.faults.conftest import ToyInstallation, restore_through
from tests.faults.served_bank import ServedBank, served, until
from tests.toy_bank import BANK, CUSTOMERS


@pytest.fixture
def bank(installation: ToyInstallation, tmp_path: Path) -> Iterator[ServedBank]:
    environment = installation.environment(NBO_REDIS_URL="", NBO_TRIAL_LOAD="false")
    with served(environment, tmp_path) as bank:
        yield bank
        bank.stop()


def test_a_killed_embedded_redis_comes_back_where_it_was_as_it_was_saved(
    bank: ServedBank, installation: ToyInstallation, trained_home: tuple
) -> None:
    server = RedisServer((installation.home.root / "redis").resolve())
    assert is_told(bank, "state_not_loaded")

    killed = kill(server)
    until(lambda: server.recorded() != killed)
    assert server.recorded().port == killed.port
    until(lambda: is_told(bank, "state_not_loaded"))

    # A command that loads and leaves has put on disk what it loaded.
    with embedded_redis(installation.home.root) as url, Redis.from_url(url) as client:
        restore_through(client, trained_home[2])
    until(lambda: is_full(bank))
    killed = kill(server)
    until(lambda: server.recorded() != killed)
    until(lambda: is_full(bank))

    # So has one that takes it away again: the old state does not rise from the dead.
    with embedded_redis(installation.home.root) as url, Redis.from_url(url) as client:
        client.delete(generation_key(BANK))
    killed = kill(server)
    until(lambda: server.recorded() != killed)
    until(lambda: is_told(bank, "state_not_loaded"))
    assert "runs again with what was saved last" in bank.log


def kill(server: RedisServer) -> Address:
    address = server.recorded()
    assert address is not None
    os.kill(address.pid, signal.SIGKILL)
    return msgspec.structs.replace(address)


def is_told(bank: ServedBank, reason: str) -> bool:
    return bool(bank.decide(CUSTOMERS[0]).json()["degraded_reasons"] == [reason])


def is_full(bank: ServedBank) -> bool:
    return bool(bank.decide(CUSTOMERS[0]).json()["served_from"] == "full")
