"""A peer as a child process that answers rightly before anybody measures it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from benchmarks.answer_checks import check_of
from benchmarks.bank_shape import customer_id
from benchmarks.peers import HELLO, Peer
from benchmarks.private_redis import LOOPBACK
from benchmarks.questions import body, path_of
from nbo.errors import CommandError

READY_SECONDS = 300.0
STOP_SECONDS = 15.0
INHERITED_NBO = "NBO_"


class PeerUnusable(CommandError):
    """A peer does not start or does not answer as it must."""


@dataclass(frozen=True)
class RunningPeer:
    """A started peer; it may need some time before it answers."""

    peer: Peer
    process: subprocess.Popen[bytes]
    log: Path

    def pids(self) -> list[int]:
        """Its process and all below it."""
        parent = psutil.Process(self.process.pid)
        return [parent.pid, *(child.pid for child in parent.children(recursive=True))]

    def ask(self, path: str, content: bytes | None = None) -> tuple[int, bytes]:
        """Status and body of one request."""
        connection = HTTPConnection(LOOPBACK, self.peer.port, timeout=10.0)
        try:
            method = "GET" if content is None else "POST"
            headers = {"content-type": "application/json"}
            if self.peer.token:
                headers["authorization"] = f"Bearer {self.peer.token}"
            connection.request(method, path, content, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


@contextmanager
def running(peer: Peer, logs: Path) -> Iterator[RunningPeer]:
    """The peer as a process, stopped at the end."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(INHERITED_NBO)}
    log = logs / f"{peer.name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            peer.command, env={**inherited, **peer.environment}, stdout=output, stderr=output
        )
        try:
            yield RunningPeer(peer, process, log)
        finally:
            _stop(process)


def wait_until_right(started: RunningPeer) -> None:
    """Return once it answers rightly; `PeerUnusable` with its last words when it never does."""
    deadline = time.monotonic() + READY_SECONDS
    while wrong := _complaint(started):
        if started.process.poll() is not None or time.monotonic() > deadline:
            lines = started.log.read_text(errors="replace").splitlines() or ["nothing"]
            raise PeerUnusable(
                f"{started.peer.name} is not ready ({wrong}); {started.log} ends with: {lines[-1]}"
            )
        time.sleep(0.1)


def _complaint(started: RunningPeer) -> str | None:
    target = started.peer.target
    content = None if started.peer.name == HELLO else body(target, customer_id(0))
    try:
        status, answer = started.ask(path_of(target), content)
    except (OSError, HTTPException) as error:
        return type(error).__name__
    return check_of(target)(str(status).encode(), answer)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
