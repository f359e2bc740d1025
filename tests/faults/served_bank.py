"""`nbo serve` as a process: started, watched, hurt, and read through its own metrics."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]
from prometheus_client.parser import text_string_to_metric_families

from nbo.loopback_ports import LOOPBACK, free_port

START_SECONDS = 120.0
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class ServedBank:
    """A running `nbo serve`."""

    process: subprocess.Popen[bytes]
    port: int
    log_file: Path

    @property
    def log(self) -> str:
        """Everything it wrote."""
        return self.log_file.read_text(encoding="utf-8")

    def get(self, path: str) -> httpx.Response:
        """One answer, on a connection of its own."""
        return httpx.get(f"http://{LOOPBACK}:{self.port}{path}", timeout=PATIENCE_SECONDS)

    def decide(self, customer_id: str, **changes: object) -> httpx.Response:
        """The answer to one decision."""
        asked = {"customer_id": customer_id, "channel": "mobile_app", "locale": "en"} | changes
        return self.post("/v1/decisions", asked)

    def post(self, path: str, document: object = None) -> httpx.Response:
        """The answer to this document, on a connection of its own."""
        url = f"http://{LOOPBACK}:{self.port}{path}"
        return httpx.post(url, json=document, timeout=PATIENCE_SECONDS)

    def check(self, name: str) -> Mapping[str, Any]:
        """One readiness check of the worker that answers."""
        checks = self.get("/health/ready").json()["checks"]
        return next(check for check in checks if check["name"] == name)

    def metric(self, name: str, **labels: str) -> float:
        """The sum over all samples of this name that have these labels."""
        families = text_string_to_metric_families(self.get("/metrics").text)
        samples = [sample for family in families for sample in family.samples]
        return sum(
            sample.value
            for sample in samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def workers(self) -> list[int]:
        """The processes that answer: those below the supervisor that hold many threads' worth of
        code, told by their command line.
        """
        return [
            child.pid
            for child in psutil.Process(self.process.pid).children()
            if "spawn_main" in " ".join(_line(child))
        ]

    def stop(self) -> int:
        """SIGTERM; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)


@contextmanager
def served(
    environment: Mapping[str, str], folder: Path, *, workers: int = 1, stderr: int | None = None
) -> Iterator[ServedBank]:
    """`nbo serve` on a free port, once it is live; killed with all it started at the end.

    What it writes to stderr goes to its log, or to this file descriptor.
    """
    port = free_port()
    log = folder / f"serve-{port}.log"
    command = [sys.executable, "-m", "nbo", "serve", "--port", str(port)]
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [*command, "--workers", str(workers)],
            env=dict(environment),
            stdout=stream,
            stderr=stream if stderr is None else stderr,
        )
    bank = ServedBank(process, port, log)
    try:
        until(lambda: _is_serving(bank, workers), START_SECONDS)
        yield bank
    finally:
        _kill_all(process)


def until(holds: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Return as soon as it holds; fails when it never does."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def inherited() -> dict[str, str]:
    """This process's environment without settings of the service."""
    return {key: value for key, value in os.environ.items() if not key.startswith("NBO_")}


def logged(bank: ServedBank, event: str) -> list[dict[str, Any]]:
    """The log lines of one event."""
    lines = [line for line in bank.log.splitlines() if f'"event":"{event}"' in line]
    return [json.loads(line) for line in lines]


def _line(process: psutil.Process) -> list[str]:
    """Its command line; empty once it is dead."""
    try:
        line: list[str] = process.cmdline()
    except psutil.Error:
        return []
    return line


def _is_serving(bank: ServedBank, workers: int) -> bool:
    assert bank.process.poll() is None, bank.log
    try:
        return bank.metric("nbo_worker_starts_total") >= workers
    except httpx.TransportError:
        return False


def _kill_all(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        children = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        for child in children:
            if psutil.pid_exists(child.pid):
                os.kill(child.pid, signal.SIGKILL)
    process.wait()
