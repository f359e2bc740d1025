"""The processes that answer: as many workers as asked for, replaced when one ends or hangs."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from uvicorn import Config
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from nbo.errors import CommandError

WORKER = "nbo.worker:create_app"
METRICS_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
KEEP_ALIVE_SECONDS = 75
FINISH_SECONDS = 10
"""How long a worker that was told to stop works on what it has begun."""
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler", "stream": "ext://sys.stderr"}},
    "loggers": {"uvicorn": {"handlers": ["stderr"], "level": "WARNING", "propagate": False}},
}
"""The server speaks up when something is wrong; the rest is in the service's own JSON lines."""


class Supervisor(Multiprocess):
    """uvicorn's supervisor; a closed terminal ends it, as it ends other commands."""

    def handle_hup(self) -> None:
        """End, and do not restart: promotions and policies take effect without."""
        self.handle_term()

    @property
    def could_not_start(self) -> bool:
        """Whether a worker ended before it had started."""
        return any(process.exitcode == STARTUP_FAILURE for process in self.processes)


def serve_on(listener: socket.socket, *, workers: int) -> None:
    """Answer on this socket until told to stop; `CommandError` when no worker could start."""
    config = Config(
        WORKER,
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


@contextmanager
def _shared_metrics() -> Iterator[None]:
    """A fresh directory in which the workers' numbers meet, so that any of them answers for all."""
    directory = tempfile.mkdtemp(prefix="nbo-metrics-")
    os.environ[METRICS_DIRECTORY] = directory
    try:
        yield
    finally:
        del os.environ[METRICS_DIRECTORY]
        shutil.rmtree(directory, ignore_errors=True)
