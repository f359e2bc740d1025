"""What is on record is counted in the end, whatever became of the worker that took it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from service.domain.outcomes import OutcomeKind
from service.domain.principal import LOCAL
from service.domain.ulid import new_ulid, ulid_bytes
from service.ports import NoteStatus, RecordKind
from service.telemetry.metrics import Metrics
from service.telemetry.outcome_metrics import OutcomeMetrics
from service.use_cases.outcome_backlog import (
    LATEST_LOOK_SECONDS,
    RETRY_AFTER_SECONDS,
    BacklogNote,
    OutcomeBacklog,
)
from service.use_cases.outcome_records import OutcomeStatus
from tests.fake_memory import MemoryLog
from tests.fakes import NOW
from tests.outcome_service import OTHERS, Service, outcome

KEYS = [bytes([number]) * 16 for number in range(1, 9)]
UNREACHABLE = NoteStatus.UNREACHABLE


class Minutes:
    """A clock that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Metrics:
    return Metrics()


@pytest.fixture
def timer() -> Minutes:
    return Minutes()


def backlog(log: MemoryLog, watch: Metrics, timer: Minutes, *, most: int = 100) -> OutcomeBacklog:
    return OutcomeBacklog(log, OutcomeMetrics(watch), timer=timer, most=most)


def given_up(watch: Metrics) -> float | None:
    return watch.registry.get_sample_value("nbo_outcomes_given_up_total")


def make_known(service: Service, decision_id: str) -> None:
    """A decision of this id, as another worker writes it down late."""
    service.decide()
    decided = service.log.records[-1]
    service.log.records[-1] = replace(decided, key=ulid_bytes(decision_id) or b"")


def test_what_cannot_be_counted_now_is_counted_later() -> None:
    service = Service()
    decided = service.decide()
    service.contacts.note_ends = [UNREACHABLE, UNREACHABLE]
    service.report(outcome(decided))
    service.until(lambda: len(service.contacts.noted) == 1)


@pytest.mark.parametrize("note", ["kept", "lost", "damaged", "of another chain"])
def test_what_was_accepted_and_not_counted_is_counted_by_the_next_worker(note: str) -> None:
    ended = Service()
    decided = ended.decide()
    ended.contacts.note_ends = [UNREACHABLE] * 99
    ended.report(outcome(decided))
    if note == "kept":
        ended.until(lambda: bool(ended.log.note))
    elif note == "damaged":
        ended.log.note = b"\xc1 no message"
    elif note == "of another chain":
        other = Service()
        other.report(*[outcome(new_ulid(NOW), event_id=f"e-{n}") for n in range(9)])
        other.until(lambda: bool(other.log.note))
        ended.log.note = other.log.note
    following = Service(log=ended.log)
    following.until(lambda: len(following.contacts.noted) == 1)


def test_what_was_reported_after_the_last_note_is_counted_by_the_next_worker() -> None:
    ended = Service()
    decided = ended.decide()
    ended.until(lambda: bool(ended.log.note))
    ended.contacts.note_ends = [UNREACHABLE]
    ended.report(outcome(decided))
    following = Service(log=ended.log)
    following.until(lambda: len(following.contacts.noted) == 1)


def test_what_was_counted_is_not_looked_at_again() -> None:
    ended = Service()
    ended.report(outcome(ended.decide()))
    ended.until(lambda: bool(ended.log.note))
    following = Service(log=ended.log)
    following.until(lambda: ended.log.reads_behind == len(ended.log.records))
    assert not following.contacts.noted


def test_an_unknown_decision_waits_across_restarts_until_it_is_known() -> None:
    first = Service()
    unknown = outcome(new_ulid(NOW))
    other_event = replace(unknown, outcome=OutcomeKind.CLICK)
    elsewhere = replace(LOCAL, subject="call centre")
    assert first.report(unknown)[0].status is OutcomeStatus.QUARANTINED
    assert first.report(other_event, principal=elsewhere)[0].status is OutcomeStatus.QUARANTINED
    assert first.report(unknown, principal=OTHERS)[0].status is OutcomeStatus.QUARANTINED
    first.until(lambda: bool(first.log.note))
    assert first.kinds() == [RecordKind.OUTCOME] * 3
    make_known(first, unknown.decision_id)
    second = Service(log=first.log)
    second.until(lambda: len(second.contacts.noted) == 2)
    assert outcomes_on_record(second) == 5  # three that waited, two that were accepted
    third = Service(log=first.log)
    first.log.reads_behind = -1
    third.until(lambda: first.log.reads_behind >= 0)
    assert outcomes_on_record(third) == 5


def outcomes_on_record(service: Service) -> int:
    return service.kinds().count(RecordKind.OUTCOME)


def test_what_waited_for_thirty_days_is_let_go() -> None:
    service = Service()
    old = outcome(new_ulid(NOW), received_at=NOW - timedelta(days=30, seconds=1))
    service.report(replace(old, occurred_at=old.received_at))
    following = Service(log=service.log)
    following.until(lambda: bool(following.log.note) and not waiting(following.log))
    assert not following.contacts.noted


def waiting(log: MemoryLog) -> list[bytes]:
    """The keys in the note."""
    return msgspec.msgpack.decode(log.note, type=BacklogNote).waiting


def test_six_failures_are_told_and_the_attempts_go_on(watch: Metrics, timer: Minutes) -> None:
    waits = backlog(MemoryLog(), watch, timer)
    waits.put_off(KEYS[0])
    for seconds in RETRY_AFTER_SECONDS:
        assert given_up(watch) == 0.0
        timer.now += seconds - 0.01
        assert waits.due(9) == []
        timer.now += 0.02
        assert waits.due(9) == [KEYS[0]]
        waits.put_off(KEYS[0])
    assert given_up(watch) == 1.0
    timer.now += RETRY_AFTER_SECONDS[-1] + 0.01
    assert waits.due(9) == [KEYS[0]]
    waits.put_off(KEYS[0])
    assert given_up(watch) == 1.0


def test_a_decision_is_looked_for_less_and_less(watch: Metrics, timer: Minutes) -> None:
    waits = backlog(MemoryLog(), watch, timer)
    waits.quarantine(KEYS[0])
    for seconds in (30, 60, 120, 240, 480, 960, 1_920, LATEST_LOOK_SECONDS, LATEST_LOOK_SECONDS):
        timer.now += seconds - 1
        assert waits.due(9) == []
        timer.now += 1.01
        assert waits.due(9) == [KEYS[0]]
        waits.quarantine(KEYS[0])


def test_what_finds_no_room_is_found_in_the_chain_again(watch: Metrics, timer: Minutes) -> None:
    log = MemoryLog()
    waits = backlog(log, watch, timer, most=4)

    async def story() -> None:
        await waits.take_up(NOW)
        await waits.feed()
        for key in KEYS:
            waits.expect([key])
            log.append(RecordKind.OUTCOME, b"", key=key)
            await log.settle()
            waits.put_off(key)
        assert len(waits) == 4
        waits.keep_now()
        assert (log.note, len(waiting(log))) != (b"", 8)
        timer.now += 1.0
        for key in waits.due(9):
            waits.counted(key)
        await waits.feed()
        assert sorted(waits.due(9)) == KEYS[4:]

    asyncio.run(story())


def test_quarantined_outcomes_take_no_room_of_others_and_too_many_are_told(
    watch: Metrics, timer: Minutes
) -> None:
    waits = backlog(MemoryLog(), watch, timer, most=3)
    for key in KEYS[:5]:
        waits.quarantine(key)
    assert (len(waits), given_up(watch)) == (3, 2.0)
    waits.put_off(KEYS[7])
    assert len(waits) == 4


def test_a_chain_that_cannot_be_read_now_is_read_later(watch: Metrics, timer: Minutes) -> None:
    class Flaky(MemoryLog):
        is_broken = True

        def own_places(self, **where: object) -> Iterator[object]:  # type: ignore[override]
            if self.is_broken:
                raise OSError("the disk is away")
            yield from super().own_places(**where)  # type: ignore[arg-type]

    log = Flaky()
    log.append(RecordKind.OUTCOME, b"", key=KEYS[0])
    waits = backlog(log, watch, timer)

    async def story() -> None:
        await waits.take_up(NOW)
        with pytest.raises(OSError, match="away"):
            await waits.feed()
        log.is_broken = False
        await waits.feed()
        assert waits.due(9) == [KEYS[0]]

    asyncio.run(story())
