"""Outcomes in a real Redis beside decisions: neither stops the other."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from redis import Redis

from feature_repo.contact_layout import ContactEvent, contact_key, decode_contacts, encode_contacts
from service.adapters.circuit_breaker import FAILURES_TO_OPEN
from service.adapters.redis_address import redis_address
from service.adapters.redis_contact_store import RedisContactStore
from service.adapters.redis_wire import RedisWire
from service.domain.contact_policy import NO_CAPS
from service.ports import CommitStatus, NoteStatus, Reservation
from service.telemetry.logging import open_log
from service.telemetry.metrics import Metrics
from service.telemetry.outcome_metrics import OutcomeMetrics
from service.use_cases.count_outcomes import NOTE_SECONDS, CountOutcomes, Uncounted
from tests.contact_worlds import EMPTY, entry, history
from tests.fakes import FixedClock
from tests.worlds import toy_catalogue

BANK, CUSTOMER = "toy", "client-4711"
KEY = contact_key(BANK, CUSTOMER)
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC).timestamp()
KEEP, PATIENCE = 400 * 86_400.0, 10.0


def within(url: str, use: Callable[[RedisContactStore], Awaitable[None]]) -> None:
    async def session() -> None:
        wire = RedisWire(redis_address(url))
        log = open_log(io.BytesIO(), level="info")
        try:
            await use(RedisContactStore(wire, bank=BANK, metrics=Metrics(), log=log))
        finally:
            await wire.aclose()

    asyncio.run(session())


def decision(number: int) -> Reservation:
    reserved = history([entry(NOW, event=ContactEvent.DECISION, decision=number)])
    return Reservation(CUSTOMER, NOW, reserved, NO_CAPS, KEEP)


def test_outcomes_that_come_too_late_do_not_stop_decisions(redis: Redis, address: str) -> None:
    redis.set(KEY, encode_contacts(BANK, CUSTOMER, EMPTY))

    async def both(store: RedisContactStore) -> None:
        for number in range(FAILURES_TO_OPEN):
            one = entry(NOW, decision=number)
            late = await store.note(CUSTOMER, one, keep_seconds=KEEP, within_seconds=0.0)
            assert late is NoteStatus.UNREACHABLE
        committed = await store.commit(decision(90), within_seconds=PATIENCE)
        assert committed.status is CommitStatus.COMMITTED

    within(address, both)


def test_decisions_that_come_too_late_do_not_stop_outcomes(redis: Redis, address: str) -> None:
    redis.set(KEY, encode_contacts(BANK, CUSTOMER, EMPTY))

    async def both(store: RedisContactStore) -> None:
        for number in range(FAILURES_TO_OPEN):
            await store.commit(decision(number), within_seconds=0.0)
        one = entry(NOW, decision=90)
        noted = await store.note(CUSTOMER, one, keep_seconds=KEEP, within_seconds=PATIENCE)
        assert noted is NoteStatus.NOTED

    within(address, both)


def test_a_full_batch_is_counted_whole_at_the_first_attempt(redis: Redis, address: str) -> None:
    redis.set(KEY, encode_contacts(BANK, CUSTOMER, EMPTY))
    batch = [Uncounted(CUSTOMER, entry(NOW, decision=number)) for number in range(500)]

    async def all_of_it(store: RedisContactStore) -> None:
        counting = CountOutcomes(
            store,
            FixedClock(),
            OutcomeMetrics(Metrics()),
            catalogue=toy_catalogue,
            within_seconds=NOTE_SECONDS * 10,
        )
        statuses = await asyncio.gather(*map(counting.count, batch))
        assert set(statuses) == {NoteStatus.NOTED}

    within(address, all_of_it)
    assert len(decode_contacts(BANK, CUSTOMER, redis.get(KEY))) == len(batch)
