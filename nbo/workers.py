"""The processes that answer: as many workers as asked for, replaced when one ends."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from uvicorn import Config
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

from nbo.errors import CommandError
from nbo.worker import create_app

if TYPE_CHECKING:
    from litestar import Litestar

KEEP_ALIVE_SECONDS = 75
FINISH_SECONDS = 10
"""How long a worker that was told to stop works on what it has begun."""
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 1.0, 30.0
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler", "stream": "ext://sys.stderr"}},
    "loggers": {"uvicorn": {"handlers": ["stderr"], "level": "WARNING", "propagate": False}},
}
"""The server speaks up when something is wrong; the rest is in the service's own JSON lines."""


@dataclass(frozen=True)
class Retry:
    """When the place of a worker that could not start is tried again (monotonic seconds)."""

    failed_pid: int | None
    wait_seconds: float
    due: float


class Supervisor(Multiprocess):
    """uvicorn's supervisor; a replacement that cannot start leaves the other workers alone."""

    def __init__(self, config: Config, sockets: list[socket.socket]) -> None:
        super().__init__(config, sockets)
        self._has_started = False
        self._retries: dict[int, Retry] = {}
        self._log = logging.getLogger("uvicorn.error")

    def handle_hup(self) -> None:
        """End, and do not restart: promotions and policies take effect without."""
        self.handle_term()

    @property
    def could_not_start(self) -> bool:
        """Whether a worker ended before it had started, and none had ever started."""
        failed = any(process.exitcode == STARTUP_FAILURE for process in self.processes)
        return failed and not self._has_started

    def keep_subprocess_alive(self) -> None:
        """Replace who ended; one that cannot start ends all only when none has ever started."""
        if not self._has_started and any(map(self._is_ready, self.processes)):
            self._has_started = True
            self.config.app = _worker(self.config.workers, is_replacement=True)
        for place, process in enumerate(self.processes):
            if self.should_exit.is_set():
                return
            self._tend(place, process)

    def _tend(self, place: int, process: Process) -> None:
        if process.is_alive(timeout=self.config.timeout_worker_healthcheck):
            if place in self._retries and self._is_ready(process):
                del self._retries[place]
            return
        has_hung = process.process.is_alive()
        process.kill()
        process.join()
        if process.exitcode != STARTUP_FAILURE:
            end = "did not answer and was killed" if has_hung else _end(process.exitcode)
            self._log.warning("worker %s %s: replaced", process.pid, end)
        elif not self._is_to_be_retried(place, process):
            return
        replacement = self.processes[place] = Process(self.config, self.sockets)
        replacement.start()

    def _is_to_be_retried(self, place: int, failed: Process) -> bool:
        if not self._has_started:
            self._log.error("worker %s could not start: nothing is served", failed.pid)
            self.should_exit.set()
            return False
        retry = self._retries.get(place)
        if retry and retry.failed_pid == failed.pid:
            return time.monotonic() >= retry.due
        wait = min(2 * retry.wait_seconds, LAST_RETRY_SECONDS) if retry else FIRST_RETRY_SECONDS
        self._retries[place] = Retry(failed.pid, wait, time.monotonic() + wait)
        self._log.warning("worker %s could not start: tried again in %g s", failed.pid, wait)
        return False

    def _is_ready(self, process: Process) -> bool:
        return process.process.is_alive() and process.is_ready(
            timeout=self.config.timeout_worker_healthcheck
        )


def serve_on(listener: socket.socket, *, workers: int) -> None:
    """Answer on this socket until told to stop; `CommandError` when no worker could start."""
    config = Config(
        _worker(workers),
        factory=True,
        workers=workers,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=LOGGING,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=FINISH_SECONDS,
    )
    with _shared_metrics():
        supervisor = Supervisor(config, [listener])
        supervisor.run()
    if supervisor.could_not_start:
        raise CommandError("the service could not start: see the lines above")


def _worker(workers: int, *, is_replacement: bool = False) -> Callable[[], Litestar]:
    return partial(create_app, workers=workers, is_replacement=is_replacement)


def _end(exit_code: int | None) -> str:
    """How a process ended, in words; below zero stands the signal that ended it."""
    if exit_code is None or exit_code >= 0:
        return f"ended with exit code {exit_code}"
    try:
        return f"was ended by {signal.Signals(-exit_code).name}"
    except ValueError:  # a real-time signal has no name
        return f"was ended by signal {-exit_code}"


@contextmanager
def _shared_metrics() -> Iterator[None]:
    """A fresh directory in which the workers' numbers meet, so that any of them answers for all."""
    from service.telemetry.metrics import SHARED_DIRECTORY

    directory = tempfile.mkdtemp(prefix="nbo-metrics-")
    os.environ[SHARED_DIRECTORY] = directory
    try:
        yield
    finally:
        del os.environ[SHARED_DIRECTORY]
        shutil.rmtree(directory, ignore_errors=True)
