"""A load finds the server it must write to, also through sentinels."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from redis import Redis
from redis.backoff import ConstantBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

from feature_repo.errors import StoreAddressInvalid
from feature_repo.online_layout import generation_key
from nbo.redis_binary import find_binary
from tests.built_bank import built
from tests.toy_bank import BANK, CUSTOMERS
from training.features.online import materialize
from training.features.redis_master import master_url


@pytest.fixture
def sentinel(tmp_path: Path, address: str) -> Iterator[int]:
    """The port of one sentinel that watches the module's server as `bank`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    settings = tmp_path / "sentinel.conf"
    watched = f"sentinel monitor bank 127.0.0.1 {urlsplit(address).port} 1"
    settings.write_text(f"port {port}\nbind 127.0.0.1\ndir {tmp_path}\n{watched}\n")
    server = subprocess.Popen(
        [find_binary(), str(settings), "--sentinel"], stdout=subprocess.DEVNULL
    )
    try:
        retry = Retry(ConstantBackoff(0.05), 100)
        with Redis(port=port, retry=retry, retry_on_error=[RedisConnectionError]) as client:
            client.ping()
        yield port
    finally:
        server.terminate()
        server.wait(timeout=10)


def test_a_load_goes_to_the_master_the_sentinels_name(tmp_path, address, redis, sentinel):
    unreachable = "127.0.0.1:1"
    asked = f"redis+sentinel://{unreachable},127.0.0.1:{sentinel}/bank/0"

    assert master_url(asked) == address
    loaded = materialize(built(tmp_path / "home"), asked)

    assert loaded.customers == len(CUSTOMERS)
    assert redis.exists(generation_key(BANK))


def test_the_password_and_the_database_go_with_it(sentinel, address):
    asked = f"redis+sentinel://nbo:p%40ss@127.0.0.1:{sentinel}/bank/3"

    assert master_url(asked) == f"redis://nbo:p%40ss@127.0.0.1:{urlsplit(address).port}/3"


def test_a_master_no_sentinel_knows_is_refused_without_naming_the_password(sentinel):
    with pytest.raises(StoreAddressInvalid, match="master 'other'") as refused:
        master_url(f"redis+sentinel://nbo:s3cret@127.0.0.1:{sentinel}/other")

    assert "s3cret" not in str(refused.value)


def test_an_address_feast_cannot_use_is_refused_before_anything_is_removed(
    tmp_path, address, redis
):
    marker = generation_key(BANK)
    redis.set(marker, "former")

    with pytest.raises(StoreAddressInvalid, match="NBO_REDIS_URL"):
        materialize(built(tmp_path), "unix:///tmp/redis.sock")

    assert redis.get(marker) == b"former"
