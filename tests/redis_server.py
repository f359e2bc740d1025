"""A private Redis for tests: own port, own directory, gone when the tests are over."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from redis.backoff import ConstantBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

from nbo.loopback_ports import free_port
from nbo.redis_binary import bundled_binary, find_binary


def redis_binaries() -> list[str]:
    """The server everything runs on and, where it is another one, the oldest that is supported."""
    return list(dict.fromkeys([find_binary(), bundled_binary() or find_binary()]))


@contextmanager
def private_redis(binary: str | None = None) -> Iterator[str]:
    """The address of a server nobody else uses; it saves nothing and stops at the end."""
    directory = Path(tempfile.mkdtemp(prefix="nbo-redis-"))
    port = free_port()
    options = ["--save", "", "--appendonly", "no", "--bind", "127.0.0.1", "--dir", str(directory)]
    server = subprocess.Popen(
        [binary or find_binary(), "--port", str(port), *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"redis://127.0.0.1:{port}/0"
    try:
        with Redis.from_url(
            url, retry=Retry(ConstantBackoff(0.05), 100), retry_on_error=[RedisConnectionError]
        ) as client:
            client.ping()
        yield url
    finally:
        server.terminate()
        server.wait(timeout=10)
        shutil.rmtree(directory)
