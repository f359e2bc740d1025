"""How `nbo serve` starts, or says in one line why it does not; real processes throughout."""

from __future__ import annotations

import json
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

from nbo.cli import run
from nbo.embedded_redis import embedded_redis
from nbo.listening_port import listening_socket, refuse_taken_port
from nbo.loopback_ports import free_port
from tests.toy_bank import install, toy_tables
from tests.toy_catalogue_files import toy_files, written
from tests.toy_installation import installed

SECONDS = 60.0
ASK = {"customer_id": "c01", "channel": "mobile_app", "locale": "en"}


@dataclass(frozen=True)
class Bank:
    """The toy bank's home and the environment that points at it."""

    home: Path
    environment: dict[str, str]

    def serve(self, port: int, **changes: str) -> subprocess.Popen[str]:
        """`nbo serve` with its output caught."""
        return subprocess.Popen(
            [sys.executable, "-m", "nbo", "serve", "--port", str(port)],
            env=self.environment | changes,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    folder = tmp_path_factory.mktemp("toy")
    return Bank(folder / "home", installed(folder))


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def served(bank: Bank, port: int) -> Iterator[subprocess.Popen[str]]:
    service = bank.serve(port)
    try:
        wait_until_live(service, port)
        yield service
    finally:
        if service.poll() is None:
            service.send_signal(signal.SIGTERM)
            service.communicate(timeout=SECONDS)


def test_a_second_service_on_the_port_is_refused_in_one_line_and_the_first_goes_on(
    bank: Bank, served: subprocess.Popen[str], port: int
) -> None:
    assert_refused(bank.serve(port), f"port {port} is taken")
    assert httpx.get(f"http://127.0.0.1:{port}/health/live").status_code == 200
    assert served.poll() is None


@pytest.mark.usefixtures("served")
def test_the_demo_does_not_take_another_service_for_its_own(
    port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("NBO_HOME", str(tmp_path / "untouched"))
    assert run(["demo", "--once", "--port", str(port)]) == 1
    assert capsys.readouterr().err.startswith(f"nbo: port {port} is taken")
    assert not (tmp_path / "untouched").exists()


def test_of_two_services_started_at_once_one_serves(bank: Bank, port: int) -> None:
    both = [bank.serve(port), bank.serve(port)]
    try:
        refused = first_to_end(both)
        assert_refused(refused, f"port {port} is taken")
        (kept,) = [service for service in both if service is not refused]
        wait_until_live(kept, port)
    finally:
        for service in both:
            service.terminate()
            service.communicate(timeout=SECONDS)


def test_a_port_is_free_again_although_connections_to_it_are_still_closing(port: int) -> None:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
        with socket.create_connection(("127.0.0.1", port)) as client:
            served, _ = listener.accept()
            served.close()  # who closes first waits
            client.recv(1)
    with listening_socket("localhost", port) as listener:
        assert listener.getsockname()[0] in ("127.0.0.1", "::1")
    refuse_taken_port("127.0.0.1", port)


def test_another_bank_than_asked_for_is_one_line(bank: Bank, port: int) -> None:
    assert_refused(bank.serve(port, NBO_BANK="other"), "NBO_BANK=other")


def test_an_address_that_is_none_of_redis_is_one_line(bank: Bank, port: int) -> None:
    assert_refused(bank.serve(port, NBO_REDIS_URL="cache:6379"), "NBO_REDIS_URL is no address")


def test_a_catalogue_in_another_currency_is_one_line(bank: Bank, port: int, tmp_path: Path) -> None:
    files = toy_files()
    files["offers"]["currency"] = "CNY"
    catalogue = str(written(tmp_path, files))
    assert_refused(bank.serve(port, NBO_CATALOGUE=catalogue), "currency CNY")


def test_everything_logged_is_on_stderr_and_nothing_tells_the_password(
    bank: Bank, served: subprocess.Popen[str], port: int
) -> None:
    answer = httpx.post(f"http://127.0.0.1:{port}/v1/decisions", json=ASK)
    assert answer.status_code == 200
    password = (bank.home / "redis" / "access.conf").read_text().split()[1]
    served.send_signal(signal.SIGTERM)
    out, err = served.communicate(timeout=SECONDS)
    assert out == ""
    assert f"nbo: listening on http://127.0.0.1:{port}" in err
    decisions = [line for line in err.splitlines() if '"event":"decision"' in line]
    assert [json.loads(line)["mode"] for line in decisions] == ["live"]
    assert password not in err


def test_feast_fills_the_embedded_server_through_its_password(tmp_path: Path) -> None:
    from training.features.build import build_features
    from training.features.online import materialize

    home = install(tmp_path / "home", toy_tables())
    build_features(home)
    with embedded_redis(home.root) as url:
        assert materialize(home, url).customers > 0


def assert_refused(service: subprocess.Popen[str], says: str) -> None:
    out, err = service.communicate(timeout=SECONDS)
    assert service.returncode == 1, err
    assert out == ""
    assert len(err.strip().splitlines()) == 1, err
    assert err.startswith("nbo: ")
    assert says in err


def first_to_end(services: list[subprocess.Popen[str]]) -> subprocess.Popen[str]:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        for service in services:
            if service.poll() is not None:
                return service
        time.sleep(0.05)
    pytest.fail("all went on")


def wait_until_live(service: subprocess.Popen[str], port: int) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        assert service.poll() is None, service.communicate()
        try:
            httpx.get(f"http://127.0.0.1:{port}/health/live").raise_for_status()
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the service did not start")
