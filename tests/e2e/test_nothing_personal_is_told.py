"""Personal data planted in every part of a request never comes out where operators look."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis

from feature_repo.online_layout import consent_key, feast_key
from tests.redis_server import private_redis
from tests.serving_process import Serving, serving
from tests.toy_bank import BANK
from tests.toy_installation import installed

PLANTED = "zzq7planted"
"""Stands in everything a client sends here, and in nothing else."""
ID, WRONG_FEATURES, WRONG_STATE = (f"{PLANTED}-{what}" for what in ("id", "features", "state"))
ASK: dict[str, Any] = {
    "customer_id": ID,
    "channel": "mobile_app",
    "placements": [{"id": "home_feed", "limit": 3}],
    "context": {
        "trigger": f"{PLANTED}-li-wei",
        "intent": f"{PLANTED}@example.com",
        "device": f"{PLANTED} 138-0013-8000",
    },
    "locale": f"{PLANTED}-locale",
    "on_behalf_of": {"agent_id": f"{PLANTED}-agent", "call_id": f"{PLANTED}-call"},
    "mode": "live",
    "explain": True,
    "request_id": f"{PLANTED}-request",
}
REFUSED: tuple[dict[str, Any], ...] = (
    {"customer_id": f"{PLANTED}\n"},
    {"customer_id": {PLANTED: PLANTED}},
    {"customer_id": PLANTED * 20},
    {"channel": PLANTED},
    {"channel": [PLANTED]},
    {"placements": [{"id": PLANTED}]},
    {"placements": [{"id": "home_feed", "limit": PLANTED}]},
    {"placements": [{"id": "home_feed", PLANTED: 1}]},
    {"context": {PLANTED: PLANTED}},
    {"context": PLANTED},
    {"on_behalf_of": {"agent_id": {PLANTED: 1}}},
    {"on_behalf_of": {PLANTED: "x"}},
    {"mode": PLANTED},
    {"locale": [PLANTED]},
    {"explain": PLANTED},
    {"request_id": {PLANTED: 1}},
    {PLANTED: PLANTED},
)
BROKEN_BODIES = (
    f'{{"customer_id": "{PLANTED}"'.encode(),
    f'{{"customer_id": "{PLANTED}'.encode() + b'\xff"}',
    f'["{PLANTED}"]'.encode(),
    PLANTED.encode() * 8_000,
)
HEADERS = {
    "User-Agent": PLANTED,
    "Authorization": f"Bearer {PLANTED}",
    "Cookie": f"session={PLANTED}",
    "X-Forwarded-For": PLANTED,
    "traceparent": PLANTED,
}
PATHS = (
    f"/v1/customers/{PLANTED}",
    f"/v1/decisions?customer_id={PLANTED}",
    f"/{PLANTED}",
    f"/v1/catalogue?q={PLANTED}",
    f"/metrics?name={PLANTED}",
    f"/health/ready/{PLANTED}",
)
NO_HTTP = (
    f"{PLANTED}\r\n\r\n",
    f"GET /{PLANTED} HTTP/9.9\r\n\r\n",
    f"GET / HTTP/1.1\r\nHost: {PLANTED} {PLANTED}\r\n{PLANTED}\r\n\r\n",
    f"{PLANTED} /v1/decisions HTTP/1.1\r\nHost: x\r\n\r\n",
    f"POST /v1/decisions HTTP/1.1\r\nHost: x\r\nContent-Length: {PLANTED}\r\n\r\n",
    f"POST /v1/decisions HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n{PLANTED}",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("quiet")


@pytest.fixture(scope="module")
def service(folder: Path) -> Iterator[Serving]:
    """As talkative as it can be set, on a store where two customers are garbage."""
    (folder / "tmp").mkdir()
    with private_redis() as url:
        environment = installed(folder, NBO_REDIS_URL=url, NBO_LOG_LEVEL="debug") | {
            "TMPDIR": str(folder / "tmp"),
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }
        with (
            Redis.from_url(url) as redis,
            serving([sys.executable, "-m", "nbo"], environment, folder) as running,
        ):
            redis.set(feast_key(BANK, WRONG_FEATURES), PLANTED)
            redis.set(consent_key(BANK, WRONG_STATE), PLANTED.encode())
            ask_everything(running)
            redis.shutdown(nosave=True)
            ask_everything(running)
            yield running


def ask_everything(service: Serving) -> None:
    """Good, bad, broken and lost requests, each with something planted."""
    client = service.client
    for customer_id in (ID, WRONG_FEATURES, WRONG_STATE):
        decision = client.post("/v1/decisions", json=ASK | {"customer_id": customer_id})
        assert decision.status_code == 200
    for change in REFUSED:
        assert client.post("/v1/decisions", json=ASK | change).status_code == 400
    for body in BROKEN_BODIES:
        # What comes after a body too large is not read: the connection may be reset.
        with suppress(httpx.TransportError):
            refused = httpx.post(client.base_url.join("/v1/decisions"), content=body)
            assert refused.status_code in (400, 413)
    for path in PATHS:
        for method in ("GET", "POST", "HEAD"):
            assert client.request(method, path, headers=HEADERS).status_code < 500
    for text in NO_HTTP:
        with socket.create_connection(service.address, timeout=10) as connection:
            connection.sendall(text.encode())
            connection.shutdown(socket.SHUT_WR)
            with suppress(ConnectionResetError):
                connection.recv(1024)


def test_no_line_on_stdout_or_stderr_tells_it(service: Serving) -> None:
    told = service.told()
    assert told.count('"event":"decision"') == 6
    assert '"result":"unreadable"' in told
    assert '"result":"unreachable"' in told
    assert [line for line in told.splitlines() if PLANTED in line.lower()] == []


def test_no_metric_tells_it(service: Serving) -> None:
    exposed = service.client.get("/metrics").text
    assert "nbo_decisions_total" in exposed
    assert PLANTED not in exposed.lower()


def test_no_file_the_service_writes_holds_it(service: Serving, folder: Path) -> None:
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert any("nbo-metrics" in str(file) for file in files)
    assert [file.name for file in files if PLANTED.encode() in file.read_bytes().lower()] == []
