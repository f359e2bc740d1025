"""Which server a load writes to: the one of the address, or the master its sentinels name."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from redis.sentinel import Sentinel

from feature_repo.errors import StoreAddressInvalid
from feature_repo.feast_repository import connection_string

SENTINEL_SCHEME = "redis+sentinel"
SENTINEL_PORT = 26_379
SENTINEL_SECONDS = 2.0


def master_url(redis_url: str) -> str:
    """The redis:// or rediss:// address to write to; `StoreAddressInvalid` when there is none.

    `redis+sentinel://[user:password@]host[:port][,host[:port]…]/master[/database]` is asked once: a
    load that sees its master fail is repeated as a whole.
    """
    if urlsplit(redis_url).scheme != SENTINEL_SCHEME:
        connection_string(redis_url)
        return redis_url
    parts = urlsplit(redis_url)
    access, _, hosts = parts.netloc.rpartition("@")
    master, _, database = parts.path.strip("/").partition("/")
    sentinels = [_host_and_port(host) for host in hosts.split(",")]
    watchers: Any = Sentinel(  # type: ignore[no-untyped-call]
        sentinels,
        socket_timeout=SENTINEL_SECONDS,
        socket_connect_timeout=SENTINEL_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        host, port = watchers.discover_master(master)
    except RedisError:
        raise StoreAddressInvalid(
            f"no sentinel of NBO_REDIS_URL names a master {master!r}: are they up, and is that its"
            " name?"
        ) from None
    server = f"[{host}]" if ":" in host else host
    return f"redis://{access}{'@' if access else ''}{server}:{port}/{database or 0}"


def _host_and_port(host: str) -> tuple[str, int]:
    name, _, port = host.rpartition(":") if ":" in host else (host, "", "")
    return name, int(port or SENTINEL_PORT)
