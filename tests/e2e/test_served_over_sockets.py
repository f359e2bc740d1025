"""The application under its real server: sockets, limits, and a clean end."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from nbo.loopback_ports import free_port
from tests.redis_server import private_redis
from tests.toy_installation import installed

ASK = {"customer_id": "client-4711", "channel": "mobile_app", "locale": "en"}
START_SECONDS = 60.0


@dataclass
class Server:
    """A running server and how to reach it."""

    process: subprocess.Popen[bytes]
    client: httpx.Client
    log: Path


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A home with the toy bank, no bundle, and an empty Redis."""
    folder = tmp_path_factory.mktemp("toy")
    with private_redis() as url:
        yield installed(folder, NBO_REDIS_URL=url)


@pytest.fixture(scope="module")
def server(
    environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    log = tmp_path_factory.mktemp("log") / "service.log"
    port = free_port()
    with (
        log.open("wb") as stream,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client,
    ):
        process = start(environment, port, stream)
        try:
            wait_until_live(client, process)
            yield Server(process, client, log)
        finally:
            process.kill()
            process.wait()


def start(environment: dict[str, str], port: int, stream: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "uvicorn", "--factory", "--log-level", "warning"]
    command += ["--host", "127.0.0.1", "--port", str(port), "service.asgi:create_app"]
    return subprocess.Popen(command, env=environment, stdout=stream, stderr=stream)


def wait_until_live(client: httpx.Client, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None
        try:
            client.get("/health/live").raise_for_status()
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the server did not start")


def test_answers_decisions_over_a_socket(server: Server) -> None:
    answer = server.client.post("/v1/decisions", json=ASK)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    # Nobody loaded this Redis: an empty store is not an innocent one.
    assert answer.json()["degraded_reasons"] == ["model_missing", "state_not_loaded"]


def test_refuses_a_body_over_the_limit_also_when_its_length_is_not_told(server: Server) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(70):
            yield b" " * 1024

    for content in (b" " * 70_000, endless()):
        # The server closes a connection whose body it did not read: nobody else may reuse it.
        answer = httpx.post(server.client.base_url.join("/v1/decisions"), content=content)
        assert answer.status_code == 413
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "head",
    ["POST /v1/decisions HTTP/1.1\r\nContent-Length: x", f"GET /{'x' * 70_000} HTTP/1.1"],
    ids=["length", "address"],
)
def test_what_is_no_http_request_is_refused_as_the_documentation_says(
    server: Server, head: str
) -> None:
    url = server.client.base_url
    with socket.create_connection((url.host, url.port or 0), timeout=10) as connection:
        connection.sendall(f"{head}\r\nHost: {url.host}\r\n\r\n".encode())
        with connection.makefile("rb") as reply:
            answer = reply.read().decode()
    assert answer.startswith("HTTP/1.1 400 ")
    assert "content-type: text/plain" in answer
    description = server.client.get("/schema/openapi.json").json()["info"]["description"]
    assert "HTTP server itself refuses with 400 and plain text" in description


def test_is_live_and_ready_before_anything_was_promoted(server: Server) -> None:
    assert server.client.get("/health/live").status_code == 200
    answer = server.client.get("/health/ready")
    assert answer.status_code == 200
    assert "nbo models promote" in answer.text


def test_metrics_can_be_scraped(server: Server) -> None:
    assert "nbo_http_requests_total" in server.client.get("/metrics").text


def test_ends_cleanly_when_told_to_and_has_logged_no_customer(server: Server) -> None:
    server.process.send_signal(signal.SIGTERM)
    # uvicorn ends its work and then ends as the signal would have ended it.
    assert server.process.wait(timeout=20) == -signal.SIGTERM
    logged = server.log.read_text(encoding="utf-8")
    assert '"event":"decision"' in logged
    assert ASK["customer_id"] not in logged
