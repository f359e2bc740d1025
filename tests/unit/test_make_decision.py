"""Around the engine: what a failing channel, a missing model or a failing sink costs."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from feature_repo.contact_layout import RESERVATION_SECONDS, KeptAnswer
from service.domain.decision import Decision, NoOfferReason, Rung
from service.domain.kill_switches import KillSwitches
from service.domain.situation import Ask, Placement, Situation
from service.domain.treatment import Treatment
from service.domain.ulid import new_ulid, ulid_bytes
from service.errors import RecordDamaged, RequestConflict
from service.ports import CommitResult, CommitStatus, RecordKind
from service.rules.within_caps import WithinCaps
from service.use_cases.commit_decision import AnswerSlot
from service.use_cases.deciding import DecisionResult
from service.use_cases.decision_command import Answered, DecisionCommand, Identity
from service.use_cases.decision_records import decode_record
from service.use_cases.make_decision import MakeDecision, Surroundings
from tests.fake_memory import FakeContacts, MemoryLog
from tests.fakes import NOW, UNREACHABLE, FakeCustomerStore, FixedClock, toy_record
from tests.toy_release import CountingObserver, toy_edition, toy_release
from tests.worlds import OFFERS

ASK = Ask("mobile_app", (Placement("home_feed", 3),), "en", trigger="login")
LIVE, DRY = DecisionCommand("known", ASK), DecisionCommand("known", ASK, is_dry_run=True)
SLOT = AnswerSlot(b"s" * 16, b"b" * 16)
NAMED = structs.replace(LIVE, request_id="r-1", slot=SLOT)


def capped(*positions: int) -> CommitResult:
    """A lost race for these places of the slate."""
    return CommitResult(CommitStatus.CAPPED, capped=positions)


class Mute:
    """A channel whose code is wrong."""

    names = ("mobile_app",)

    def say(self, situation: Situation, row: int) -> Treatment | None:
        """Fails."""
        raise RuntimeError


class BrokenSink:
    """A sink whose code is wrong."""

    name = "broken"

    def receive(self, situation: Situation, decision: Decision) -> None:
        """Fails."""
        raise RuntimeError


@pytest.fixture
def observer() -> CountingObserver:
    return CountingObserver()


@pytest.fixture
def contacts() -> FakeContacts:
    return FakeContacts()


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


@pytest.fixture
def make_decision(
    observer: CountingObserver, contacts: FakeContacts, log: MemoryLog
) -> MakeDecision:
    store = FakeCustomerStore({"known": toy_record(), "lost": UNREACHABLE})
    return MakeDecision(
        Surroundings(store, contacts, log, FixedClock(), observer),
        sinks=(BrokenSink(),),
        edition=toy_edition(toy_release()),
        state_deadline_seconds=0.025,
    )


def decided(make_decision: MakeDecision, command: DecisionCommand) -> DecisionResult:
    """The decision behind one answer."""
    result = answered(make_decision, command).result
    assert result is not None
    return result


def answered(make_decision: MakeDecision, command: DecisionCommand) -> Answered:
    """One answer, worded as the offers' ids."""

    def compose(result: DecisionResult, named: Identity) -> bytes:
        return " ".join(shown(result)).encode()

    return asyncio.run(make_decision(command, compose))


def shown(result: DecisionResult) -> list[str]:
    """Ids of all offers shown."""
    return [OFFERS[row] for slate in result.decision.slates for row in slate.rows]


def test_a_failing_channel_leaves_the_offer_out_and_is_counted(
    make_decision: MakeDecision, observer: CountingObserver
) -> None:
    edition = make_decision.edition
    make_decision.edition = replace(edition, channels={"mobile_app": Mute()})
    result = decided(make_decision, LIVE)
    assert not result.treatments
    assert "channel_failed:mobile_app" in result.decision.degraded_reasons
    assert observer.failures["channel", "mobile_app"] == 3


def test_a_failing_sink_costs_nothing_but_its_count(
    make_decision: MakeDecision, observer: CountingObserver
) -> None:
    result = decided(make_decision, LIVE)
    assert len(result.treatments) == 3
    assert observer.failures["sink", "broken"] == 1


def test_a_dry_run_tells_no_sink_reserves_nothing_and_is_not_recorded(
    make_decision: MakeDecision,
    observer: CountingObserver,
    contacts: FakeContacts,
    log: MemoryLog,
) -> None:
    assert answered(make_decision, DRY).content == b"buy_fund take_loan open_account"
    assert not observer.failures
    assert not contacts.commits
    assert not log.records


def test_every_answer_without_a_model_says_so(make_decision: MakeDecision) -> None:
    make_decision.edition = replace(toy_edition(), degraded_reasons=("model_missing",))
    result = decided(make_decision, LIVE)
    assert result.decision.degraded_reasons == ("model_missing",)
    assert result.decision.scorer == "business_order"


def test_reserves_what_it_shows_and_puts_it_on_record(
    make_decision: MakeDecision, contacts: FakeContacts, log: MemoryLog
) -> None:
    answer = answered(make_decision, NAMED)
    (reservation,) = contacts.commits
    assert len(reservation.entries) == 3
    assert reservation.answer is not None
    assert reservation.answer.content == answer.content
    (stored,) = log.records
    assert stored.payload is not None
    record = decode_record(stored.payload)
    assert record.decision_id == answer.identity.decision_id
    assert record.request_id == "r-1"
    assert record.outputs.slates == [("home_feed", ["buy_fund", "take_loan", "open_account"], None)]


def test_a_lost_race_is_decided_again_without_what_was_lost(
    make_decision: MakeDecision, contacts: FakeContacts
) -> None:
    contacts.ends = [capped(0)]
    result = decided(make_decision, LIVE)
    assert shown(result) == ["take_loan", "open_account", "visit_us"]
    assert len(contacts.commits) == 2


def test_what_was_lost_is_withheld_by_the_rule_that_counts(
    make_decision: MakeDecision, contacts: FakeContacts
) -> None:
    contacts.ends = [capped(0)]
    result = decided(make_decision, LIVE)
    lost = OFFERS.index("buy_fund")
    assert result.decision.withheld[lost]
    assert result.decision.denied_by(lost) == ("within_caps",)
    told = WithinCaps().explain(result.situation, lost)
    assert not told.permitted
    assert told.possible_from == result.situation.as_of + timedelta(seconds=RESERVATION_SECONDS)


def test_after_two_new_choices_what_is_lost_is_left_out(
    make_decision: MakeDecision, contacts: FakeContacts
) -> None:
    contacts.ends = [capped(0), capped(0), capped(1)]
    assert shown(decided(make_decision, LIVE)) == ["open_account"]
    assert len(contacts.commits) == 4


def test_who_loses_every_race_is_offered_no_marketing(
    make_decision: MakeDecision, contacts: FakeContacts
) -> None:
    contacts.ends = [capped(0)] * 4
    result = decided(make_decision, LIVE)
    assert result.decision.rung is Rung.NO_OFFER
    assert result.decision.slates[0].no_offer_reason is NoOfferReason.CAPPED
    assert result.decision.degraded_reasons == ("commit_contended",)


def test_a_lost_race_without_time_for_another_is_no_outage(
    make_decision: MakeDecision, contacts: FakeContacts
) -> None:
    make_decision._state_deadline_seconds = 0.0  # used up by the first attempt, however fast
    contacts.ends = [capped(0)]
    result = decided(make_decision, LIVE)
    assert result.decision.slates[0].no_offer_reason is NoOfferReason.CAPPED
    assert result.decision.degraded_reasons == ("commit_contended",)
    assert len(contacts.commits) == 1


def test_a_commit_that_fails_counts_as_refused_and_is_not_repeated(
    make_decision: MakeDecision, contacts: FakeContacts
) -> None:
    contacts.ends = [CommitResult(CommitStatus.UNREACHABLE)]
    result = decided(make_decision, NAMED)
    assert not shown(result)
    assert result.decision.slates[0].no_offer_reason is NoOfferReason.STATE_UNAVAILABLE
    assert {"commit_unreachable", "idempotency_unavailable"} <= set(
        result.decision.degraded_reasons
    )
    assert len(contacts.commits) == 1


def test_what_cannot_be_recorded_is_not_offered_and_taken_back(
    make_decision: MakeDecision, contacts: FakeContacts, log: MemoryLog
) -> None:
    log.is_full = True
    answer = answered(make_decision, NAMED)
    assert answer.content == b""
    assert answer.result is not None
    decision = answer.result.decision
    assert decision.slates[0].no_offer_reason is NoOfferReason.LOG_UNAVAILABLE
    assert contacts.released == contacts.commits


def test_the_first_of_two_with_one_request_id_is_told_to_both(
    make_decision: MakeDecision, contacts: FakeContacts, log: MemoryLog
) -> None:
    contacts.ends = [CommitResult(CommitStatus.ANSWERED, content=b"the first")]
    answer = answered(make_decision, NAMED)
    assert (answer.content, answer.result) == (b"the first", None)
    assert not log.records


def kept_answer(make_decision: MakeDecision, age_seconds: float) -> tuple[bytes, bytes]:
    """The key of a decision made so long ago, and its answer, kept under the request id."""
    made = new_ulid(NOW - timedelta(seconds=age_seconds))
    content, key = b'{"decision_id":"%b"}' % made.encode(), ulid_bytes(made)
    kept = replace(toy_record(), kept=KeptAnswer(SLOT.body, content))
    make_decision._store.records["known"] = kept  # type: ignore[attr-defined]
    assert key is not None
    return key, content


@pytest.mark.parametrize("age_seconds", [1, 60])
def test_a_kept_answer_nobody_recorded_is_not_told_again(
    make_decision: MakeDecision, contacts: FakeContacts, age_seconds: int
) -> None:
    _, content = kept_answer(make_decision, age_seconds)
    assert answered(make_decision, NAMED).content != content
    assert contacts.released


def test_a_kept_answer_is_told_again_once_its_record_arrives(
    make_decision: MakeDecision, contacts: FakeContacts, log: MemoryLog
) -> None:
    key, content = kept_answer(make_decision, age_seconds=0)
    log.looks_before = 2  # another worker is still writing it
    log.append(RecordKind.DECISION, b"", key=key)
    assert answered(make_decision, NAMED).content == content
    assert not contacts.released


def test_a_kept_answer_whose_record_was_damaged_since_is_told_again(
    make_decision: MakeDecision, log: MemoryLog
) -> None:
    _, content = kept_answer(make_decision, age_seconds=60)
    log.damage = RecordDamaged("w0", 1, "a bit flipped")
    assert answered(make_decision, NAMED).content == content


def test_a_kept_answer_with_an_offer_stopped_since_is_not_told_again(
    make_decision: MakeDecision, contacts: FakeContacts, log: MemoryLog
) -> None:
    made = new_ulid(NOW)
    offers = b'[{"id":"home_feed","offers":[{"offer_id":"buy_fund"}]}]'
    content = b'{"decision_id":"%b","placements":%b}' % (made.encode(), offers)
    kept = replace(toy_record(), kept=KeptAnswer(SLOT.body, content))
    make_decision._store.records["known"] = kept  # type: ignore[attr-defined]
    log.append(RecordKind.DECISION, b"", key=ulid_bytes(made) or b"")
    assert answered(make_decision, NAMED).content == content
    kills = KillSwitches(offers=frozenset({"buy_fund"}))
    make_decision.edition = replace(make_decision.edition, kills=kills)
    assert answered(make_decision, NAMED).content == b"take_loan open_account visit_us"
    assert contacts.released


def test_a_killed_model_is_named(make_decision: MakeDecision) -> None:
    release = make_decision.edition.release
    assert release is not None
    kills = KillSwitches(models=frozenset({release.bundle_id}))
    make_decision.edition = replace(make_decision.edition, kills=kills)
    decision = decided(make_decision, LIVE).decision
    assert (decision.scorer, decision.degraded_reasons) == ("segment_rate", ("model_killed",))


def test_an_earlier_answer_nobody_recorded_gives_way(
    make_decision: MakeDecision, contacts: FakeContacts, log: MemoryLog
) -> None:
    nobodys = b'{"decision_id":"%b"}' % new_ulid(NOW - timedelta(seconds=60)).encode()
    contacts.ends = [CommitResult(CommitStatus.ANSWERED, content=nobodys)]
    assert answered(make_decision, NAMED).content == b"buy_fund take_loan open_account"
    assert [it.answer.content for it in contacts.released if it.answer] == [nobodys]
    assert len(log.records) == 1


def test_another_request_under_the_same_id_is_refused(
    make_decision: MakeDecision, contacts: FakeContacts
) -> None:
    contacts.ends = [CommitResult(CommitStatus.CONFLICT)]
    with pytest.raises(RequestConflict):
        answered(make_decision, NAMED)


def test_an_unreachable_store_costs_the_promise_to_say_the_same_again(
    make_decision: MakeDecision, contacts: FakeContacts
) -> None:
    result = decided(make_decision, structs.replace(NAMED, customer_id="lost"))
    assert "idempotency_unavailable" in result.decision.degraded_reasons
    assert not contacts.commits
