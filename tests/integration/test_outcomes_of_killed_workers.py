"""An outcome that was accepted and not counted when its worker was killed is counted by the next,
from real files into a real Redis.
"""

from __future__ import annotations

import asyncio
import io
import multiprocessing
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis import Redis

from feature_repo.contact_layout import (
    ContactEvent,
    Entries,
    contact_key,
    decode_contacts,
    encode_contacts,
)
from service.adapters.event_log import FileEventLog
from service.adapters.event_log.own_chain import note_path
from service.adapters.event_log.verification import verify
from service.adapters.redis_address import redis_address
from service.adapters.redis_contact_store import RedisContactStore
from service.adapters.redis_wire import RedisWire
from service.domain.outcomes import OutcomeKind
from service.domain.principal import LOCAL
from service.ports import RecordKind
from service.telemetry.logging import open_log
from service.telemetry.metrics import Metrics
from service.telemetry.outcome_metrics import OutcomeMetrics
from service.use_cases.count_outcomes import CountOutcomes
from service.use_cases.outcome_records import OutcomeStatus
from service.use_cases.record_outcomes import RecordOutcomes
from service.use_cases.replay_decision import RecordedDecisions
from tests.contact_worlds import EMPTY
from tests.fake_memory import FixedDecoder, OneEdition
from tests.fakes import FixedClock, toy_record
from tests.outcome_service import EDITION, Service, outcome

BANK, CUSTOMER = "toy", "c1"
KEY = contact_key(BANK, CUSTOMER)
NOWHERE = "redis://127.0.0.1:1/0"
TODAY = FixedClock(now_instant=datetime.now(UTC))
CONTEXT = multiprocessing.get_context("spawn")


async def working(root: Path, url: str, work: Callable[[RecordOutcomes], Awaitable[None]]) -> None:
    """The real use case on the first free slot of this log and on this Redis."""
    log, wire, clock = opened(root), RedisWire(redis_address(url)), TODAY
    lines, watch = open_log(io.BytesIO(), level="info"), OutcomeMetrics(Metrics())
    counting = CountOutcomes(
        RedisContactStore(wire, bank=BANK, metrics=Metrics(), log=lines),
        clock,
        watch,
        catalogue=lambda: EDITION.catalogue,
        within_seconds=2.0,
    )
    decisions = RecordedDecisions(log, OneEdition(EDITION), FixedDecoder(toy_record()))
    take = RecordOutcomes(
        decisions, log, clock, counting, watch, catalogue=lambda: EDITION.catalogue
    )
    running = asyncio.create_task(take.run())
    try:
        await work(take)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await wire.aclose()
        await log.close()


def opened(root: Path) -> FileEventLog:
    log = FileEventLog(root / "log", root / "anchors")
    log.open_now()
    return log


def take_and_die(root: Path, decision_id: str, seconds: float) -> None:
    """For a child: accept what cannot be counted, work on for a while, and be killed."""

    async def story(take: RecordOutcomes) -> None:
        (result,) = await take([outcome(decision_id, outcome=OutcomeKind.REJECT)], LOCAL)
        assert result.status is OutcomeStatus.ACCEPTED
        await asyncio.sleep(seconds)
        os.kill(os.getpid(), signal.SIGKILL)

    asyncio.run(working(root, NOWHERE, story))


def decided(root: Path) -> str:
    """The id of a decision that is on record there."""
    service = Service()
    decision_id = service.decide()
    (record,) = service.log.records
    log = opened(root)
    log.append(RecordKind.DECISION, record.payload or b"", key=record.key)
    log.close_now()
    return decision_id


def history(redis: Redis) -> Entries:
    return decode_contacts(BANK, CUSTOMER, redis.get(KEY))


@pytest.mark.parametrize(
    ("seconds", "note"), [(0.0, "none"), (1.5, "kept"), (1.5, "lost"), (1.5, "damaged")]
)
def test_the_next_worker_counts_what_a_killed_one_accepted(
    redis: Redis, address: str, tmp_path: Path, seconds: float, note: str
) -> None:
    decision_id = decided(tmp_path)
    child = CONTEXT.Process(target=take_and_die, args=(tmp_path, decision_id, seconds))
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    path = note_path(tmp_path / "log" / "w0")
    assert path.exists() or note == "none"
    if note == "lost":
        path.unlink()
    elif note == "damaged":
        path.write_bytes(path.read_bytes()[:-1])
    redis.set(KEY, encode_contacts(BANK, CUSTOMER, EMPTY))

    async def counted(_: RecordOutcomes) -> None:
        while not len(history(redis)):
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.3)

    asyncio.run(asyncio.wait_for(working(tmp_path, address, counted), 30))
    assert [ContactEvent(it["event"]) for it in history(redis)] == [ContactEvent.REJECT]
    assert not verify(tmp_path / "log", tmp_path / "anchors", lambda *_: None).damaged


def test_a_chain_is_gone_through_from_where_it_was_counted(tmp_path: Path) -> None:
    log = FileEventLog(tmp_path / "log", tmp_path / "anchors", segment_bytes=2_000)
    log.open_now()
    for number in range(1, 41):
        kind = RecordKind.OUTCOME if number % 2 else RecordKind.DECISION
        log.append(kind, bytes(300), key=number.to_bytes(16))
    log.settle_now()
    assert log.durable_seq == 40
    for after in (0, 1, 17, 39, 40, 99):
        places = list(log.own_places(after=after))
        assert [it.seq for it in places] == list(range(after + 1, 41))
        assert all(it.key == it.seq.to_bytes(16) for it in places)
    log.remember(b"one")
    log.remember(b"another")
    log.close_now()
    following = opened(tmp_path)
    assert following.recall() == b"another"
    following.close_now()
