"""Any interleaving of logins and impressions on a real Redis shows no offer beyond its limit."""

from __future__ import annotations

import asyncio
import io
import random
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis import Redis

from feature_repo.contact_layout import (
    ContactEvent,
    contact_key,
    decision_key,
    decode_contacts,
    encode_contacts,
)
from service.adapters.redis_address import redis_address
from service.adapters.redis_contact_store import RedisContactStore
from service.adapters.redis_wire import RedisWire
from service.domain.contact_policy import Cap, CapChecks, ContactPolicy, Counted, Scope
from service.domain.contact_reservation import cap_checks, reserved_entries
from service.domain.decision import Slate
from service.domain.situation import Situation
from service.ports import CommitStatus, NoteStatus, Reservation
from service.telemetry.logging import open_log
from service.telemetry.metrics import Metrics
from tests.contact_worlds import EMPTY, entry
from tests.worlds import AS_OF, OFFERS, toy_catalogue, toy_customer, toy_situation

BANK, CUSTOMER = "toy", "c"
NOW = AS_OF.timestamp()
KEY = contact_key(BANK, CUSTOMER)
KEEP = 400 * 86_400.0
DAY = timedelta(days=1)


@dataclass
class Login:
    """One login: it reads, decides within the caps it saw, commits, and shows what it got."""

    store: RedisContactStore
    redis: Redis
    caps: tuple[Cap, ...]
    pauses: random.Random
    overruns: int = 0

    async def run(self, number: int, *, sees: bool) -> None:
        for _ in range(3):
            situation = self._situation()
            await self._pause()
            slate = self._slate(situation)
            entries = reserved_entries(situation, [slate], f"d{number}")
            asked = Reservation(
                CUSTOMER, situation.as_of_seconds, entries, cap_checks(situation), KEEP
            )
            ended = await self.store.commit(asked, within_seconds=5.0)
            await self._pause()
            if ended.status is CommitStatus.COMMITTED:
                break
        else:
            return
        for row in slate.rows if sees else ():
            await self._show(number, OFFERS[row], cap_checks(situation))

    async def _show(self, number: int, offer: str, caps: CapChecks) -> None:
        seen = entry(NOW + 1, offer, offer_group(offer), decision=decision_key(f"d{number}"))
        status = await self.store.note(
            CUSTOMER, seen, keep_seconds=KEEP, within_seconds=5.0, caps=caps
        )
        assert status in (NoteStatus.NOTED, NoteStatus.OVERRUN)
        self.overruns += status is NoteStatus.OVERRUN
        await self._pause()

    def _situation(self) -> Situation:
        contacts = decode_contacts(BANK, CUSTOMER, self.redis.get(KEY))
        catalogue = toy_catalogue()
        policy = replace(catalogue.policy, contact=ContactPolicy(caps=self.caps))
        return toy_situation(
            customer=replace(toy_customer(), contacts=contacts),
            catalogue=replace(catalogue, policy=policy),
        )

    def _slate(self, situation: Situation) -> Slate:
        budget, rows = situation.cap_room.budget(), []
        wanted = self.pauses.sample(range(len(OFFERS)), len(OFFERS))
        for row in wanted:
            if len(rows) < 3 and budget.fits(row, "home_feed"):
                budget.take(row, "home_feed")
                rows.append(row)
        return Slate("home_feed", tuple(rows), None)

    async def _pause(self) -> None:
        for _ in range(self.pauses.randrange(4)):
            await asyncio.sleep(0)


def offer_group(offer: str) -> str:
    catalogue = toy_catalogue()
    return catalogue.groups[catalogue.row_of[offer]]


@pytest.fixture(scope="module")
def bench(address: str):
    with Redis.from_url(address) as redis, asyncio.Runner() as runner:
        wires = [RedisWire(redis_address(address)) for _ in range(4)]
        log = open_log(io.BytesIO(), level="error")
        stores = [RedisContactStore(wire, bank=BANK, metrics=Metrics(), log=log) for wire in wires]
        yield redis, runner, stores
        for wire in wires:
            runner.run(wire.aclose())


CAPS = st.tuples(
    st.integers(1, 3).map(lambda n: Cap("offer", Scope.OFFER, Counted.IMPRESSION, DAY, n)),
    st.integers(1, 6).map(lambda n: Cap("all", Scope.ALL, Counted.IMPRESSION, DAY, n)),
)


@given(
    caps=CAPS,
    seed=st.integers(0, 2**32),
    seen=st.lists(st.booleans(), min_size=8, max_size=12),
)
@settings(max_examples=500, deadline=None)
def test_no_offer_is_reserved_or_shown_beyond_its_limit_by_parallel_logins(
    bench, caps, seed, seen
) -> None:
    redis, runner, stores = bench
    redis.set(KEY, encode_contacts(BANK, CUSTOMER, EMPTY))
    logins = [
        Login(stores[number % len(stores)], redis, caps, random.Random(seed + number))
        for number in range(len(seen))
    ]

    async def at_once() -> None:
        await asyncio.gather(
            *(
                login.run(number, sees=sees)
                for number, (login, sees) in enumerate(zip(logins, seen, strict=True))
            )
        )

    runner.run(at_once())
    entries = decode_contacts(BANK, CUSTOMER, redis.get(KEY))
    handed = entries[entries["event"] == ContactEvent.DECISION]
    shown = entries[entries["event"] == ContactEvent.IMPRESSION]
    for told in (handed, shown):
        per_offer = [int((told["offer"] == key).sum()) for key in set(told["offer"].tolist())]
        assert max(per_offer, default=0) <= caps[0].limit
        assert len(told) <= caps[1].limit
    assert not any(login.overruns for login in logins)
