"""A real redis-server as a process to be frozen, killed and started again on the same port."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from redis.backoff import ConstantBackoff
from redis.exceptions import BusyLoadingError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

from nbo.loopback_ports import LOOPBACK, free_port
from nbo.redis_binary import find_binary


class RedisProcess:
    """One server on one port; empty whenever it starts."""

    def __init__(self, directory: Path, *options: str, port: int | None = None) -> None:
        self.port = port or free_port()
        self.url = f"redis://{LOOPBACK}:{self.port}/0"
        self._directory, self._options = directory, options
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *more: str) -> None:
        """Start it and wait until it answers."""
        line = [find_binary(), *more] if more else [find_binary()]
        line += ["--port", str(self.port), "--bind", LOOPBACK, "--dir", str(self._directory)]
        line += ["--save", "", "--appendonly", "no", *self._options]
        with (self._directory / f"{self.port}.log").open("ab") as log:
            self._process = subprocess.Popen(line, stdout=log, stderr=log)
        with self.client() as client:
            client.ping()

    def client(self) -> Redis:
        """A patient client for the test itself."""
        retry = Retry(ConstantBackoff(0.02), 500)
        again = [RedisConnectionError, BusyLoadingError]
        return Redis.from_url(self.url, retry=retry, retry_on_error=again)

    def kill(self) -> None:
        """SIGKILL, and gone when this returns."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """SIGSTOP inside the block."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._process.pid, signal.SIGCONT)


@contextmanager
def redis_process(*options: str) -> Iterator[RedisProcess]:
    """A started server with these options."""
    with tempfile.TemporaryDirectory(prefix="nbo-faults-") as folder:
        server = RedisProcess(Path(folder), *options)
        try:
            server.start()
            yield server
        finally:
            server.kill()
