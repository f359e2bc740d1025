"""The peers: how each is started, what it is asked, and who is left out for which reason."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.bank_shape import HOME_VARIABLE, REDIS_VARIABLE
from benchmarks.bench_bank import catalogue_folder
from benchmarks.bench_bearer import BenchBearer, bench_bearer
from benchmarks.private_redis import LOOPBACK, free_port
from benchmarks.questions import Target
from feature_repo.feast_repository import CONNECTION_VARIABLE, connection_string
from model_registry.home import Home

HELLO, NAIVE, FEAST, PLAIN, COMPILED = "hello", "naive", "feast", "service", "service_compiled"
LEAST = "least"


@dataclass(frozen=True)
class Peer:
    """One competitor: its command listens on `port` and answers `target` questions; with a `token`
    only to its bearer.
    """

    name: str
    title: str
    target: Target
    port: int
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    token: str = field(default="", repr=False)


def all_peers(home: Home, redis_url: str) -> tuple[Peer, ...]:
    """Every peer in the order of a round."""
    peers = [_hello(), _naive(home, redis_url), _feast(home, redis_url)]
    bearer = bench_bearer(home)
    return (
        *peers,
        _service(home, redis_url, PLAIN, bearer),
        _service(home, redis_url, COMPILED, bearer),
        _least(home, redis_url),
    )


def _hello() -> Peer:
    port = free_port()
    command = _uvicorn("benchmarks.hello:create_app", port)
    return Peer(HELLO, "(a) bare Litestar", "hello", port, command)


def _naive(home: Home, redis_url: str) -> Peer:
    port = free_port()
    command = _uvicorn("benchmarks.naive_service:create_app", port)
    environment = {HOME_VARIABLE: str(home.root), REDIS_VARIABLE: redis_url}
    return Peer(NAIVE, "(b) FastAPI + Feast + LightGBM", "naive", port, command, environment)


def _least(home: Home, redis_url: str) -> Peer:
    port = free_port()
    command = _uvicorn("benchmarks.floor:create_app", port)
    environment = {HOME_VARIABLE: str(home.root), REDIS_VARIABLE: redis_url}
    return Peer(LEAST, "(e) the I/O and ranker of (d) alone", "least", port, command, environment)


def _uvicorn(application: str, port: int) -> tuple[str, ...]:
    """One uvicorn worker, configured as `nbo serve` configures its own."""
    server = ("--workers", "1", "--loop", "uvloop", "--http", "httptools", "--ws", "none")
    lean = ("--no-access-log", "--no-server-header", "--no-date-header", "--no-proxy-headers")
    patience = ("--timeout-keep-alive", "75")
    place = ("--host", LOOPBACK, "--port", str(port))
    command = (sys.executable, "-m", "uvicorn", application, "--factory")
    return (*command, *server, *lean, *patience, *place)


def _feast(home: Home, redis_url: str) -> Peer:
    port = free_port()
    # By default it replaces its worker after 1,000 requests, which would be charged to it.
    options = ("--workers", "1", "--no-access-log", "--max-requests", "0")
    feast = str(Path(sys.executable).with_name("feast"))
    command = (feast, "-c", str(home.features), "serve", "--port", str(port), *options)
    environment = {CONNECTION_VARIABLE: connection_string(redis_url)}
    return Peer(FEAST, "(c) feast serve, features only", "feast", port, command, environment)


def _service(home: Home, redis_url: str, name: str, bearer: BenchBearer) -> Peer:
    port = free_port()
    options = ("--workers", "1", "--host", LOOPBACK, "--port", str(port))
    environment = {
        "NBO_HOME": str(home.root),
        "NBO_REDIS_URL": redis_url,
        "NBO_CATALOGUE": str(catalogue_folder(home)),
        "NBO_CLOCK": "wall",  # (b) asks the wall clock: the same columns for both
        "NBO_JWT_KEYS": str(bearer.public_key),
        "NBO_RANKER": "auto" if name == COMPILED else "lightgbm",
    }
    ranker = "compiled ranker" if name == COMPILED else "plain LightGBM"
    command = (sys.executable, "-m", "nbo", "serve", *options)
    return Peer(name, f"(d) nbo, {ranker}", "decisions", port, command, environment, bearer.token)
