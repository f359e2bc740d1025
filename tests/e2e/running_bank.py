"""A whole installation driven only through its command line and HTTP, as its users drive it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from nbo.loopback_ports import free_port
from tests.faults.served_bank import inherited

READY_WITHIN_SECONDS = 120.0


@dataclass(frozen=True)
class Installation:
    """One `NBO_HOME` and the `nbo` command that works on it."""

    home: Path

    def environment(self) -> dict[str, str]:
        """This process's environment, pointed at the home and at no other Redis.

        What is looked at here is what is decided, not how fast: a busy machine has its time.
        """
        return inherited() | {"NBO_HOME": str(self.home), "NBO_STATE_DEADLINE_MS": "5000"}

    def command(self, *arguments: str) -> list[str]:
        """The command line of `nbo …`."""
        return [sys.executable, "-m", "nbo", *arguments]

    def run(self, *arguments: str) -> str:
        """Standard output of `nbo …`; fails with its standard error when it does not exit 0."""
        done = subprocess.run(
            self.command(*arguments),
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            umask=0o022,  # as a shell has it: what is written private is so by the command
        )
        assert done.returncode == 0, f"nbo {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def run_json(self, *arguments: str) -> Any:
        """The one JSON document `nbo … --json` prints."""
        return json.loads(self.run(*arguments, "--json"))

    @contextmanager
    def serve(self) -> Iterator[httpx.Client]:
        """A client of `nbo serve` on a free port, once the service says it is ready."""
        port = free_port()
        command = self.command("serve", "--port", str(port))
        service = subprocess.Popen(command, env=self.environment(), stderr=subprocess.DEVNULL)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
                _wait_until_ready(client, service)
                yield client
        finally:
            service.terminate()
            service.wait(timeout=30)


def decide(client: httpx.Client, customer_id: str, **changes: object) -> Mapping[str, Any]:
    """The answer to a login of this customer, asked for three offers in the home feed."""
    request = {
        "customer_id": customer_id,
        "channel": "mobile_app",
        "placements": [{"id": "home_feed", "limit": 3}],
        "context": {"trigger": "login"},
        "locale": "en",
    } | changes
    answer = client.post("/v1/decisions", json=request)
    assert answer.status_code == 200, answer.text
    document: Mapping[str, Any] = answer.json()
    return document


def offers_of(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """All offers of an answer, placement by placement."""
    return [offer for placement in answer["placements"] for offer in placement["offers"]]


DATED = frozenset({"not_cooling_down", "outside_quiet_hours"})
"""Rules that only time makes permit again: they always know when."""


def assert_explained(told: Mapping[str, Any], withheld: Mapping[str, Any]) -> None:
    """That why-not says of a withheld offer which rules denied it, what each saw and needs, and
    when it could be offered at the earliest.
    """
    assert not told["was_offered"]
    assert told["first_rule"] == withheld["first_rule"]
    assert [rule["code"] for rule in told["rules"]] == withheld["rules"]
    for rule in told["rules"]:
        assert rule["seen"], rule
        assert rule["needed"], rule
        assert rule["text"], rule
        assert rule["code"] not in DATED or rule["possible_from"], rule
    dates = [rule["possible_from"] for rule in told["rules"]]
    instants = [datetime.fromisoformat(date) for date in dates if date]
    latest = max(instants) if len(instants) == len(dates) else None
    possible = told["possible_from"]
    assert (datetime.fromisoformat(possible) if possible else None) == latest


def _wait_until_ready(client: httpx.Client, service: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < deadline:
        assert service.poll() is None, f"nbo serve ended with {service.returncode}"
        try:
            if client.get("/health/ready").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"nbo serve was not ready within {READY_WITHIN_SECONDS:.0f} s")
