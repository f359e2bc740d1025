"""Where Redis is: one fixed server, or the master that the sentinels name right now."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from redis.asyncio.connection import SSLConnection, parse_url
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff

SENTINEL_SCHEME = "redis+sentinel"
SENTINEL_PORT = 26_379
SENTINEL_SECONDS = 0.2


@dataclass(frozen=True)
class Endpoint:
    """What a connection needs; `path` is a Unix socket and replaces host and port."""

    host: str = "localhost"
    port: int = 6379
    path: str | None = None
    database: int = 0
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = None

    def greeting(self) -> list[tuple[str, ...]]:
        """The commands a fresh connection starts with; each answers OK."""
        commands: list[tuple[str, ...]] = []
        if self.password is not None:
            user = (self.username,) if self.username else ()
            commands.append(("AUTH", *user, self.password))
        if self.database:
            commands.append(("SELECT", str(self.database)))
        return commands


class FixedAddress:
    """`redis://`, `rediss://` or `unix://`: always the same server."""

    def __init__(self, url: str) -> None:
        self._endpoint = _endpoint(parse_url(url))

    async def resolve(self) -> Endpoint:
        """The server of the URL."""
        return self._endpoint


class SentinelAddress:
    """`redis+sentinel://[user:password@]host[:port][,host[:port]…]/master[/database]`."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        names = [name for name in parts.path.split("/") if name]
        self._master, self._database = names[0], int(names[1]) if len(names) > 1 else 0
        self._username = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        hosts = parts.netloc.rpartition("@")[2].split(",")
        self._sentinel = Sentinel(  # type: ignore[no-untyped-call]
            [_host_and_port(host) for host in hosts],
            socket_timeout=SENTINEL_SECONDS,
            socket_connect_timeout=SENTINEL_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )

    async def resolve(self) -> Endpoint:
        """The master of this moment; raises `MasterNotFoundError` when no sentinel knows one."""
        try:
            host, port = await self._sentinel.discover_master(self._master)
        finally:
            # Kept connections would hang the loop's end, and go stale until the next failover.
            for client in self._sentinel.sentinels:
                await client.aclose()
        return Endpoint(
            host=host,
            port=port,
            database=self._database,
            username=self._username,
            password=self._password,
        )


def redis_address(url: str) -> FixedAddress | SentinelAddress:
    """The address a URL describes."""
    is_watched = urlsplit(url).scheme == SENTINEL_SCHEME
    return SentinelAddress(url) if is_watched else FixedAddress(url)


def _endpoint(parsed: Any) -> Endpoint:
    encrypted = parsed.get("connection_class") is SSLConnection
    return Endpoint(
        host=parsed.get("host", "localhost"),
        port=parsed.get("port", 6379),
        path=parsed.get("path"),
        database=int(parsed.get("db", 0)),
        username=parsed.get("username"),
        password=parsed.get("password"),
        tls=_tls(parsed) if encrypted else None,
    )


def _tls(parsed: Any) -> ssl.SSLContext:
    """Certificates are always checked: a memory of customers is not read from a stranger."""
    context = ssl.create_default_context(cafile=parsed.get("ssl_ca_certs"))
    if parsed.get("ssl_certfile"):
        context.load_cert_chain(parsed["ssl_certfile"], parsed.get("ssl_keyfile"))
    return context


def _host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.partition(":")
    return host, int(port or SENTINEL_PORT)
