"""`nbo serve` as a process of its own, with everything it writes kept in one file."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from nbo.loopback_ports import free_port

START_SECONDS = 120.0
STOP_SECONDS = 30.0


@dataclass(frozen=True)
class Serving:
    """A running service."""

    process: subprocess.Popen[bytes]
    client: httpx.Client
    output: Path

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        return self.client.base_url.host, int(self.client.base_url.port or 0)

    def told(self) -> str:
        """Everything on stdout and stderr so far."""
        return self.output.read_text(encoding="utf-8", errors="replace")

    def workers(self) -> list[int]:
        """Process ids of the workers now alive."""
        me = self.process.pid
        children = Path(f"/proc/{me}/task/{me}/children").read_text().split()
        commands = {child: Path(f"/proc/{child}/cmdline").read_bytes() for child in children}
        return [int(child) for child, command in commands.items() if b"spawn_main" in command]


@contextmanager
def serving(
    nbo: Sequence[str], environment: Mapping[str, str], folder: Path, *, workers: int = 1
) -> Iterator[Serving]:
    """The service once it is ready; told to stop at the end. `folder` is where it runs."""
    port, output = free_port(), folder / "service.log"
    command = [*nbo, "serve", "--port", str(port), "--workers", str(workers)]
    with (
        output.open("wb") as stream,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client,
    ):
        process = subprocess.Popen(
            command, env=dict(environment), stdout=stream, stderr=stream, cwd=folder
        )
        running = Serving(process, client, output)
        try:
            _wait_until_ready(running, workers)
            yield running
        finally:
            process.terminate()
            process.wait(timeout=STOP_SECONDS)


def _wait_until_ready(running: Serving, workers: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert running.process.poll() is None, running.told()
        # Every worker says when it has started; that one answers proves nothing about the others.
        if running.told().count('"event":"started"') >= workers and _is_ready(running.client):
            return
        time.sleep(0.05)
    raise AssertionError(running.told())


def _is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/health/ready").status_code == 200
    except httpx.TransportError:
        return False
