"""The Redis all commands of one `NBO_HOME` share: the first starts it, the last stops it."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from nbo.errors import ServerUnavailable
from nbo.output import note
from nbo.redis_access import make_private
from nbo.redis_server import Address, RedisServer
from nbo.terminations import terminations_held_back, terminations_unwind

MUTEX_SECONDS = 60.0
WATCH_SECONDS = 0.5
POLL_SECONDS = 0.02


@contextmanager
def redis_url(home: Path) -> Iterator[str]:
    """`NBO_REDIS_URL` as it is when set, else the URL of the home's embedded server."""
    given = os.environ.get("NBO_REDIS_URL", "").strip()
    if given:
        yield given
        return
    with embedded_redis(home) as url:
        yield url


@contextmanager
def watched_redis_url(home: Path) -> Iterator[str]:
    """As `redis_url`, for who stays long: an embedded server that ends meanwhile is started again,
    at the same address.
    """
    given = os.environ.get("NBO_REDIS_URL", "").strip()
    with redis_url(home) as url:
        if given:
            yield url
            return
        with _watched(RedisServer(_directory(home))):
            yield url


@contextmanager
def embedded_redis(home: Path) -> Iterator[str]:
    """The URL of the home's own server, which runs as long as any process is inside this block.

    Whoever leaves saves, and the last one stops it, also on Ctrl-C, SIGTERM and SIGHUP; a server
    whose users were killed is adopted by the next one.
    """
    directory = _directory(home)
    make_private(directory)
    server = RedisServer(directory)
    with terminations_unwind(), (directory / "users.lock").open("a") as users:
        joined = False
        try:
            with terminations_held_back():
                address = _join(server, users)
                joined = True
            yield server.url(address)
        finally:
            if joined:
                with terminations_held_back():
                    _leave(server, users)


def _directory(home: Path) -> Path:
    return (home / "redis").resolve()


@contextmanager
def _watched(server: RedisServer) -> Iterator[None]:
    leaving = threading.Event()
    watch = threading.Thread(target=_keep_running, args=(server, leaving), daemon=True)
    watch.start()
    try:
        yield
    finally:
        leaving.set()
        watch.join()


def _keep_running(server: RedisServer, leaving: threading.Event) -> None:
    """Start the server again whenever its process has gone, until told to leave."""
    first = address = server.recorded()
    while not leaving.wait(WATCH_SECONDS):
        if address is not None and not server.has_ended(address):
            continue
        try:
            with _mutex(server.directory):
                address = server.running() or server.start()
        except (ServerUnavailable, OSError) as error:
            _say(f"ended and does not start: {error}")
            continue
        is_reached = first is not None and address.port == first.port
        cure = "" if is_reached else "; its port was taken: start this command again"
        _say(f"had ended and runs again with what was saved last{cure}")


def _say(what: str) -> None:
    with suppress(OSError):  # a terminal that is gone must not end the watch
        note(f"nbo: the embedded Redis {what}")


def _join(server: RedisServer, users: IO[str]) -> Address:
    with _mutex(server.directory):
        address = server.running() or server.start()
        fcntl.flock(users, fcntl.LOCK_SH)
        return address


def _leave(server: RedisServer, users: IO[str]) -> None:
    with _mutex(server.directory):
        is_last = _is_last(users)
        address = server.running() if is_last else server.recorded()
        if is_last and address is not None:
            server.stop(address)
        # Explicitly: a forked child would otherwise go on holding our lock.
        fcntl.flock(users, fcntl.LOCK_UN)
    if not is_last and address is not None:
        # Killed later, it must not come back with what this process has overruled.
        server.save(address)


def _is_last(users: IO[str]) -> bool:
    """Whether no other process holds the users' lock; a refused upgrade drops our own share."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _mutex(directory: Path) -> Iterator[None]:
    """One process at a time decides to start or to stop."""
    deadline = time.monotonic() + MUTEX_SECONDS
    with (directory / "start.lock").open("a") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise ServerUnavailable(
                        f"another process has held {directory / 'start.lock'} for too long: end it"
                    ) from None
                time.sleep(POLL_SECONDS)
        try:
            yield
        finally:
            fcntl.flock(lock, fcntl.LOCK_UN)
