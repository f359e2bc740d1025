"""Hand-written stand-ins for what lies outside the service, and a service made of them."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec
from litestar import Litestar

from service.api.authentication import Access
from service.api.desk import Desk
from service.api.readiness import CHECKS, Readiness
from service.api.tracking_tokens import TrackingTokens
from service.asgi import build_app
from service.bootstrap.composing import Front, Outside, UseCases
from service.domain.consent import NOTHING_RECORDED
from service.ports import Clock, CustomerRecord, CustomerStore
from service.telemetry.decision_log import DecisionLog
from service.telemetry.decision_metrics import DecisionMetrics
from service.telemetry.logging import Log, open_log
from service.telemetry.metrics import Metrics
from service.telemetry.outcome_metrics import OutcomeMetrics
from service.use_cases.edition import Edition
from service.use_cases.make_decision import Surroundings
from service.use_cases.set_kill_switch import KillSwitchStore
from tests.contact_worlds import EMPTY
from tests.fake_memory import (
    FakeContacts,
    FixedDecoder,
    MemoryKillSwitches,
    MemoryLog,
    OneEdition,
)
from tests.toy_release import toy_edition, toy_release
from tests.worlds import AS_OF, unknown_features

NOW = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)
UNREACHABLE = CustomerRecord(reachable=False, is_loaded=False, features=None, consents=None)
STRANGER = CustomerRecord(reachable=True, is_loaded=True, features=None, consents=None)


KNOWN = "c-15889"
ASK = {"customer_id": KNOWN, "channel": "mobile_app", "locale": "en"}
"""What she asks over HTTP."""


def toy_record() -> CustomerRecord:
    """Somebody who holds nothing and whose birth date is unknown."""
    features = unknown_features()
    features.lists["held"][0] = 0.0
    return CustomerRecord(True, True, features, NOTHING_RECORDED, contacts=EMPTY)


class FakeCustomerStore:
    """Answers from a mapping; whoever is not in it is a stranger."""

    def __init__(self, records: Mapping[str, CustomerRecord]) -> None:
        self.records = dict(records)

    async def read(
        self, customer_id: str, *, within_seconds: float, slot: bytes | None = None
    ) -> CustomerRecord:
        """The record, without any waiting."""
        return self.records.get(customer_id, STRANGER)


class BrokenCustomerStore:
    """Breaks its promise never to raise, with an error text that names the customer."""

    async def read(
        self, customer_id: str, *, within_seconds: float, slot: bytes | None = None
    ) -> CustomerRecord:
        """Raise."""
        raise RuntimeError(f"no luck with {customer_id}")


@dataclass(frozen=True)
class FixedClock:
    """Two instants that never pass."""

    as_of_instant: datetime = AS_OF
    now_instant: datetime = NOW

    def as_of(self) -> datetime:
        """Business time."""
        return self.as_of_instant

    def now(self) -> datetime:
        """Wall time."""
        return self.now_instant


@dataclass(frozen=True)
class FakeModelShelf:
    """Two bundles, the second promoted."""

    def ids(self) -> list[str]:
        """Both."""
        return ["toy-0", "toy-1"]

    def champion(self) -> str | None:
        """The second."""
        return "toy-1"


def ready() -> Readiness:
    """Every check passed."""
    readiness = Readiness()
    for name in CHECKS:
        readiness.report(name, passed=True, detail="toy")
    return readiness


@dataclass(frozen=True)
class ToyService:
    """A whole service on fakes: its application, its metrics and what it logged."""

    store: CustomerStore
    clock: Clock = field(default_factory=FixedClock)
    edition: Edition = field(default_factory=lambda: toy_edition(toy_release()))
    readiness: Readiness = field(default_factory=ready)
    metrics: Metrics = field(default_factory=Metrics)
    stream: io.BytesIO = field(default_factory=io.BytesIO)
    tokens: TrackingTokens = field(default_factory=lambda: TrackingTokens(b"toy key"))
    contacts: FakeContacts = field(default_factory=FakeContacts)
    event_log: MemoryLog = field(default_factory=MemoryLog)
    access: Access = field(default_factory=Access)
    switches: KillSwitchStore = field(default_factory=MemoryKillSwitches)

    def app(self, *, most_in_flight: int = 64) -> Litestar:
        """The real HTTP surface."""
        log = open_log(self.stream, level="info")
        desk = UseCases(self._outside(), self.edition).desk(self._front(log))

        @asynccontextmanager
        async def opened() -> AsyncIterator[Desk]:
            yield desk

        return build_app(opened, metrics=self.metrics, log=log, most_in_flight=most_in_flight)

    def _outside(self) -> Outside:
        return Outside(
            around=Surroundings(
                self.store,
                self.contacts,
                self.event_log,
                self.clock,
                DecisionMetrics(self.metrics),
            ),
            past_editions=OneEdition(self.edition),
            decoder=FixedDecoder(toy_record()),
            switches=self.switches,
            models=FakeModelShelf(),
            outcome_observer=OutcomeMetrics(self.metrics),
            within_seconds=0.025,
        )

    def _front(self, log: Log) -> Front:
        return Front(
            access=self.access,
            tokens=self.tokens,
            readiness=self.readiness,
            metrics=self.metrics,
            log=log,
            decision_log=DecisionLog(self.stream, level="info"),
        )

    def log_lines(self) -> list[dict[str, object]]:
        """Everything logged so far."""
        return [msgspec.json.decode(line) for line in self.stream.getvalue().splitlines()]


def toy_service() -> ToyService:
    """One that knows nobody but `KNOWN`."""
    return ToyService(FakeCustomerStore({KNOWN: toy_record()}))
