"""Reservations, answers and outcomes in a real Redis: one call each, counted like in Python."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from redis import Redis

from feature_repo.contact_layout import (
    ContactEvent,
    Entries,
    answer_key,
    contact_header,
    contact_key,
    decode_contacts,
    encode_contacts,
)
from service.adapters.redis_address import redis_address
from service.adapters.redis_contact_store import MOST_ENTRIES, SLACK_ENTRIES, RedisContactStore
from service.adapters.redis_wire import RedisWire
from service.domain.contact_policy import NO_CAPS, CapChecks, CapTerm, CapTerms, Counted, Scope
from service.domain.contact_reservation import cap_checks, reserved_entries
from service.domain.decision import Slate
from service.domain.situation import Situation
from service.ports import CommitResult, CommitStatus, NoteStatus, Reservation, StoredAnswer
from service.telemetry.logging import Log, open_log
from tests.contact_worlds import EMPTY, entry, history
from tests.redis_adapter import AdapterUnderTest
from tests.worlds import situations

BANK, CUSTOMER = "toy", "client-4711"
KEY = contact_key(BANK, CUSTOMER)
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC).timestamp()
KEEP = 400 * 86_400.0
ONE = CapTerm(Scope.OFFER, Counted.IMPRESSION, limit=1)
QUESTION = StoredAnswer(b"slot", b"digest", b"the answer")
PATIENCE = 10.0
"""Seconds a busy machine does not use up: what waits is told by the state, not by the clock."""


def since(start: float, *terms: CapTerm) -> CapChecks:
    """These caps, all counting from one instant."""
    return CapChecks(CapTerms(terms), np.full(len(terms), start))


ONE_A_DAY = since(NOW - 86_400, ONE)


@dataclass(kw_only=True)
class Memory(AdapterUnderTest[RedisContactStore]):
    """The adapter under test and the server behind it."""

    redis: Redis

    def made(self, wire: RedisWire, log: Log) -> RedisContactStore:
        return RedisContactStore(wire, bank=BANK, metrics=self.metrics, log=log)

    def commit(self, reservation: Reservation) -> CommitResult:
        return self.run(lambda store: store.commit(reservation, within_seconds=PATIENCE))

    def release(self, reservation: Reservation) -> None:
        self.run(lambda store: store.release(reservation, within_seconds=PATIENCE))

    def note(self, noted: np.void, caps: CapChecks = NO_CAPS) -> NoteStatus:
        return self.run(
            lambda store: store.note(
                CUSTOMER, noted, keep_seconds=KEEP, within_seconds=PATIENCE, caps=caps
            )
        )

    def load(self, entries: Entries) -> None:
        self.redis.set(KEY, encode_contacts(BANK, CUSTOMER, entries))

    def entries(self) -> Entries:
        return decode_contacts(BANK, CUSTOMER, self.redis.get(KEY))

    def writes(self, operation: str, result: str) -> float | None:
        labels = {"operation": operation, "result": result}
        return self.metrics.registry.get_sample_value("nbo_contact_writes_total", labels)


@pytest.fixture
def memory(any_server: str) -> Iterator[Memory]:
    with Redis.from_url(any_server) as client:
        client.flushdb()
        yield Memory(any_server, redis=client)


def reserved(*offers: str, decision: int = 9, at: float = NOW) -> Entries:
    names = offers or ("buy_fund",)
    given = {"event": ContactEvent.DECISION, "decision": decision}
    return history(entry(at, offer, **given) for offer in names)


def reservation(*offers: str, decision: int = 9, **changes: object) -> Reservation:
    entries = reserved(*offers, decision=decision)
    plain = Reservation(CUSTOMER, NOW, entries, ONE_A_DAY, KEEP)
    return replace(plain, **changes)


def test_reserves_what_is_free_and_refuses_what_is_full_by_its_place_in_the_slate(memory) -> None:
    memory.load(history([entry(NOW - 60, "get_card")]))
    full = memory.commit(reservation("buy_fund", "get_card"))
    assert (full.status, full.capped) == (CommitStatus.CAPPED, (1,))
    assert len(memory.entries()) == 1
    assert memory.commit(reservation("buy_fund")).status is CommitStatus.COMMITTED
    assert memory.entries().tolist()[1:] == reserved("buy_fund").tolist()
    assert memory.commit(reservation("buy_fund", decision=10)).capped == (0,)


def test_counts_the_entries_before_in_the_same_slate(memory) -> None:
    memory.load(EMPTY)
    two = since(NOW - 60, CapTerm(Scope.ALL, Counted.IMPRESSION, limit=2))
    three = reservation("buy_fund", "get_card", "take_loan", caps=two)
    assert memory.commit(three).capped == (2,)


@pytest.mark.parametrize("order", [1, -1])
def test_every_cap_of_one_scope_and_kind_binds_whichever_comes_first(memory, order: int) -> None:
    terms, starts = (ONE._replace(limit=9), ONE), (NOW - 3_600, NOW - 7 * 86_400)
    caps = CapChecks(CapTerms(terms[::order]), np.array(starts[::order]))
    memory.load(history([entry(NOW - 7_200, decision=1)]))
    assert memory.commit(reservation(caps=caps)).capped == (0,)
    assert memory.note(entry(NOW, decision=2), caps) is NoteStatus.OVERRUN


def test_a_reservation_counts_as_an_impression_until_it_is_seen_or_lapses(memory) -> None:
    two = since(NOW - 86_400, ONE._replace(limit=2))
    pending = reserved(decision=1, at=NOW - 599)
    memory.load(pending)
    assert memory.commit(reservation()).capped == (0,)
    memory.load(reserved(decision=1, at=NOW - 600))
    assert memory.commit(reservation()).status is CommitStatus.COMMITTED
    memory.load(history([*pending, entry(NOW - 9, decision=1)]))
    assert memory.commit(reservation(caps=two)).status is CommitStatus.COMMITTED
    memory.load(history([*pending, entry(NOW - 9, decision=2)]))
    assert memory.commit(reservation(caps=two)).capped == (0,)
    just_begun = since(NOW - 60, ONE)
    memory.load(pending)
    assert memory.commit(reservation(caps=just_begun)).capped == (0,)


@given(situation=situations(), data=st.data())
@settings(
    max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_finds_exactly_the_room_the_rules_find(
    shared: tuple[Memory, asyncio.Runner, RedisContactStore],
    situation: Situation,
    data: st.DataObject,
) -> None:
    memory, runner, store = shared
    assume(situation.customer.contacts is not None)
    assume(not situation.cooling.closed_places)
    places = [placement.id for placement in situation.ask.placements]
    rows = data.draw(st.permutations(range(len(situation.catalogue))))[:4]
    chosen = [Slate(data.draw(st.sampled_from(places)), (row,), None) for row in rows]
    memory.load(situation.customer.contacts)
    entries = reserved_entries(situation, chosen, "a decision")
    asked = Reservation(CUSTOMER, situation.as_of_seconds, entries, cap_checks(situation), KEEP)
    budget, capped = situation.cap_room.budget(), []
    for position, slate in enumerate(chosen):
        if budget.fits(slate.rows[0], slate.placement_id):
            budget.take(slate.rows[0], slate.placement_id)
        else:
            capped.append(position)
    ended = runner.run(store.commit(asked, within_seconds=PATIENCE))
    assert ended.capped == tuple(capped)
    assert (ended.status is CommitStatus.COMMITTED) == (not capped)


@pytest.fixture(scope="module")
def shared(address: str):
    with Redis.from_url(address) as redis, asyncio.Runner() as runner:
        memory, wire = Memory(address, redis=redis), RedisWire(redis_address(address))
        yield memory, runner, memory.made(wire, open_log(memory.stream, level="info"))
        runner.run(wire.aclose())


def test_two_commits_of_one_request_get_the_bytes_of_the_first(memory) -> None:
    memory.load(EMPTY)

    async def at_once(store: RedisContactStore) -> list[CommitResult]:
        answers = [replace(QUESTION, content=b"answer %d" % number) for number in range(8)]
        asked = [
            reservation(decision=number, answer=answer) for number, answer in enumerate(answers)
        ]
        return await asyncio.gather(*(store.commit(one, within_seconds=PATIENCE) for one in asked))

    ended = memory.run(at_once)
    first = [number for number, it in enumerate(ended) if it.status is CommitStatus.COMMITTED]
    assert len(first) == 1
    told = {it.content for it in ended if it.status is CommitStatus.ANSWERED}
    assert told == {b"answer %d" % first[0]}
    assert len(memory.entries()) == 1
    key = answer_key(BANK, CUSTOMER, QUESTION.slot)
    assert 590_000 < memory.redis.pttl(key) <= 600_000


def test_another_question_under_the_same_request_id_is_a_conflict(memory) -> None:
    memory.load(EMPTY)
    memory.commit(reservation(answer=QUESTION))
    other = reservation("get_card", answer=replace(QUESTION, body=b"another"))
    assert memory.commit(other).status is CommitStatus.CONFLICT
    assert len(memory.entries()) == 1


def test_a_lost_history_of_a_known_customer_takes_no_capped_offer_and_is_not_begun(memory) -> None:
    assert memory.commit(reservation(answer=QUESTION)).status is CommitStatus.UNREACHABLE
    assert memory.writes("commit", "lost") == 1.0
    assert memory.note(entry(NOW)) is NoteStatus.UNREACHABLE
    assert list(memory.redis.scan_iter()) == []
    free = reservation(caps=NO_CAPS, answer=QUESTION)
    assert memory.commit(free).status is CommitStatus.COMMITTED
    assert not memory.redis.exists(KEY)


def test_a_strangers_first_reservation_begins_her_history(memory) -> None:
    assert memory.commit(reservation(must_exist=False)).status is CommitStatus.COMMITTED
    assert memory.redis.get(KEY).startswith(contact_header(BANK, CUSTOMER))
    assert len(memory.entries()) == 1


@pytest.mark.parametrize("break_it", ["foreign", "torn", "type", "answer"])
def test_what_is_damaged_or_anothers_is_left_alone_and_counts_as_unreachable(
    memory, break_it
) -> None:
    memory.load(EMPTY)
    if break_it == "foreign":
        memory.redis.set(KEY, encode_contacts(BANK, "somebody-else", EMPTY))
    elif break_it == "torn":
        memory.redis.append(KEY, b"x")
    elif break_it == "type":
        memory.redis.delete(KEY)
        memory.redis.rpush(KEY, "x")
    else:
        memory.redis.set(answer_key(BANK, CUSTOMER, QUESTION.slot), b"x" * 40)
    before = memory.redis.dump(KEY)
    asked = reservation(answer=QUESTION)
    assert memory.commit(asked).status is CommitStatus.UNREACHABLE
    assert memory.redis.dump(KEY) == before
    assert memory.writes("commit", "unreadable") == 1.0
    assert CUSTOMER not in memory.log


def test_a_server_that_forgot_the_script_is_told_it_again(memory) -> None:
    memory.load(EMPTY)

    async def around(store: RedisContactStore) -> list[CommitStatus]:
        ended = []
        for number, offer in enumerate(("buy_fund", "get_card", "take_loan")):
            memory.redis.script_flush()
            asked = reservation(offer, decision=number)
            ended.append((await store.commit(asked, within_seconds=PATIENCE)).status)
        return ended

    assert set(memory.run(around)) == {CommitStatus.COMMITTED}
    assert len(memory.entries()) == 3


def test_release_takes_back_exactly_what_was_reserved(memory) -> None:
    memory.load(history([entry(NOW - 60, "take_loan")]))
    mine = reservation("buy_fund", "get_card", answer=QUESTION)
    memory.commit(mine)
    memory.commit(reservation("open_account", decision=10))
    memory.note(entry(NOW, "buy_fund", decision=9))
    memory.release(mine)
    left = [(int(it["decision"]), int(it["event"])) for it in memory.entries()]
    assert left == [(1, ContactEvent.IMPRESSION), (10, ContactEvent.DECISION), (9, 2)]
    assert not memory.redis.exists(answer_key(BANK, CUSTOMER, QUESTION.slot))


def test_release_leaves_an_answer_that_is_not_its_own(memory) -> None:
    memory.load(EMPTY)
    memory.commit(reservation(answer=QUESTION))
    memory.release(reservation(decision=10, answer=replace(QUESTION, content=b"mine")))
    assert memory.redis.exists(answer_key(BANK, CUSTOMER, QUESTION.slot))
    assert len(memory.entries()) == 1


def test_an_outcome_is_noted_once_per_decision_offer_and_event(memory) -> None:
    memory.load(EMPTY)
    assert memory.note(entry(NOW)) is NoteStatus.NOTED
    assert memory.note(entry(NOW + 1, channel="branch")) is NoteStatus.DUPLICATE
    assert memory.note(entry(NOW, event=ContactEvent.CLICK)) is NoteStatus.NOTED
    assert memory.note(entry(NOW, "get_card", decision=2)) is NoteStatus.NOTED
    assert len(memory.entries()) == 3


def test_an_impression_that_comes_although_a_cap_is_full_counts_and_is_told(memory) -> None:
    memory.load(reserved(decision=1))
    assert memory.note(entry(NOW + 5, decision=1), ONE_A_DAY) is NoteStatus.NOTED
    assert memory.note(entry(NOW + 900, decision=2), ONE_A_DAY) is NoteStatus.OVERRUN
    clicked = entry(NOW + 900, decision=2, event=ContactEvent.CLICK)
    assert memory.note(clicked, ONE_A_DAY) is NoteStatus.NOTED
    assert len(memory.entries()) == 4


def test_drops_what_no_rule_asks_for_and_keeps_the_rest(memory) -> None:
    old = [entry(NOW - KEEP - 1, "get_card", decision=n) for n in range(SLACK_ENTRIES)]
    lapsed = [entry(NOW - 601, event=ContactEvent.DECISION, decision=n) for n in range(20)]
    named = entry(NOW - KEEP - 1, event=ContactEvent.LATER, until=NOW + 1)
    recent = entry(NOW - 60, "take_loan")
    memory.load(history([*old, *lapsed, named, recent]))
    caps = since(NOW - 86_400, ONE, CapTerm(Scope.OFFER, Counted.DECISION, limit=99))
    fill = [entry(NOW - 60, "open_account", decision=n) for n in range(SLACK_ENTRIES * 2 - 87)]
    memory.load(history([*old, *lapsed, named, recent, *fill]))
    memory.commit(reservation(caps=caps))
    assert len(memory.entries()) == 20 + 2 + len(fill) + 1
    memory.load(history([*old, *lapsed, named, recent, *fill]))
    memory.commit(reservation())
    assert len(memory.entries()) == 2 + len(fill) + 1


def test_a_history_never_outgrows_its_bound_and_rather_refuses_than_forgets_what_counts(
    memory,
) -> None:
    uncounted = [entry(NOW - 90_000, "get_card", decision=n) for n in range(MOST_ENTRIES)]
    answered = entry(NOW - 90_000, event=ContactEvent.REJECT)
    memory.load(history([answered, *uncounted[1:]]))
    assert memory.commit(reservation()).status is CommitStatus.COMMITTED
    assert len(memory.entries()) == MOST_ENTRIES
    assert memory.entries()[0]["event"] == ContactEvent.REJECT
    counted = [entry(NOW - 60, "get_card", decision=n) for n in range(MOST_ENTRIES)]
    memory.load(history(counted))
    assert memory.commit(reservation()).capped == (0,)
    assert memory.note(entry(NOW, decision=5_000)) is NoteStatus.NOTED
    assert len(memory.entries()) == MOST_ENTRIES


def test_a_server_that_is_gone_costs_milliseconds_and_one_log_line() -> None:
    memory = Memory("redis://127.0.0.1:1/0", redis=Redis())

    async def often(store: RedisContactStore) -> set[CommitStatus]:
        commits = [await store.commit(reservation(), within_seconds=0.025) for _ in range(8)]
        await asyncio.sleep(0)
        return {it.status for it in commits}

    assert memory.run(often) == {CommitStatus.UNREACHABLE}
    assert (memory.writes("commit", "short_circuited") or 0) >= 1
    assert len(memory.log.splitlines()) == 1
