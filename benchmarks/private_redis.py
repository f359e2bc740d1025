"""A redis-server of the benchmark's own: nothing saved, nothing evicted, gone at the end."""

from __future__ import annotations

import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from redis import Redis
from redis.backoff import ConstantBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

from nbo.redis_binary import find_binary

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class PrivateRedis:
    """Where it listens, and its process."""

    url: str
    pid: int


@contextmanager
def private_redis() -> Iterator[PrivateRedis]:
    """A running server on a free port."""
    port = free_port()
    options = ["--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction"]
    with tempfile.TemporaryDirectory(prefix="nbo-bench-") as directory:
        server = subprocess.Popen(
            [find_binary(), "--port", str(port), "--bind", LOOPBACK, "--dir", directory, *options],
            stdout=subprocess.DEVNULL,
        )
        url = f"redis://{LOOPBACK}:{port}/0"
        try:
            retry = Retry(ConstantBackoff(0.05), 100)
            with Redis.from_url(url, retry=retry, retry_on_error=[RedisConnectionError]) as client:
                client.ping()
            yield PrivateRedis(url, server.pid)
        finally:
            server.terminate()
            server.wait(timeout=30)


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
