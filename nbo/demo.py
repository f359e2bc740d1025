"""The demo: data → features → train → Redis → serve → three customers over real HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from model_registry.home import Home
from model_registry.store import ModelStore
from nbo.answer_tables import show_answer
from nbo.demo_customers import UNKNOWN_CUSTOMER, DemoCustomers, pick_customers
from nbo.demo_service import HOST, DemoService
from nbo.embedded_redis import redis_url
from nbo.listening_port import refuse_taken_port
from nbo.local_home import local_home
from nbo.output import note
from nbo.preparation import WantedBank, has_bank, provide_bank, provide_features
from nbo.progress import Report, shown_progress
from nbo.publication import provide_ranker


@dataclass(frozen=True)
class Demo:
    """One run for one bank; `port` None takes any free one."""

    wanted: WantedBank
    port: int | None = None

    def run(self, *, stays_up: bool) -> None:
        """Do everything, print the offers, and stay up until Ctrl-C if asked to."""
        started = time.monotonic()
        if self.port is not None:
            refuse_taken_port(HOST, self.port)
        home = local_home()
        self._learn(home)
        with redis_url(home.root) as url:
            with _step("load Redis") as progress:
                _materialize(home, url, progress)
            with DemoService(home, url, self.port) as service:
                with _step("start the service"):
                    service.wait_until_ready()
                _ask_three(service, pick_customers(home))
                note(f"\nfrom data to offers in {time.monotonic() - started:.0f} s")
                if stays_up:
                    _stay_up(service)

    def _learn(self, home: Home) -> None:
        wanted = self.wanted
        if wanted.source is None and not has_bank(home):
            wanted = replace(wanted, source="simulated")
        with _step("data") as progress:
            summary = provide_bank(wanted, home, progress)
        if summary is None:
            note(f"  the home already holds {home.bank().bank} ({home.bank().source})")
        elif summary.replaced is not None:
            note(f"  {summary.replaced}")
        with _step("features") as progress:
            provide_features(home, progress)
        with _step("train") as progress:
            bundle_id = _train(home, progress)
        with _step("promote"):
            provide_ranker(home, bundle_id)
            ModelStore(home).promote(bundle_id)
        note(f"  champion {bundle_id}")


@contextmanager
def _step(name: str) -> Iterator[Report]:
    note(f"▶ {name}")
    started = time.monotonic()
    with shown_progress() as progress:
        yield progress
    note(f"✓ {name}: {time.monotonic() - started:.1f} s")


def _train(home: Home, progress: Report) -> str:
    from training.config import TrainConfig
    from training.train import train

    return train(home, TrainConfig(), progress=progress).bundle_id


def _materialize(home: Home, url: str, progress: Report) -> None:
    from nbo.online_load import load_online

    for line in load_online(home, url, progress).warnings():
        note(f"  {line}")


def _ask_three(service: DemoService, customers: DemoCustomers) -> None:
    login: dict[str, Any] = {
        "customer_id": customers.logs_in,
        "channel": "mobile_app",
        "context": {"trigger": "login"},
    }
    call = {
        "customer_id": customers.calls,
        "channel": "call_center",
        "context": {"trigger": "call"},
        "on_behalf_of": {"agent_id": "A17"},
    }
    unknown = login | {"customer_id": UNKNOWN_CUSTOMER}
    for title, request in (
        (f"Customer {customers.logs_in} logs in to the mobile app", login),
        (f"Customer {customers.calls} calls; agent A17 answers", call),
        ("Somebody the bank does not know opens the mobile app", unknown),
    ):
        show_answer(service.decide(request | {"locale": "en", "explain": True}), title)


def _stay_up(service: DemoService) -> None:
    try:
        note("Ctrl-C stops the service")
        note(f"it stays up at {service.url}; its documentation: {service.url}/schema")
        service.wait()
    except KeyboardInterrupt:
        note("stopping")
