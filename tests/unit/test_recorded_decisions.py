"""A decision on record: decided again to the bit, explained, and found changed when it was."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.catalogue import Lane
from service.domain.contact_policy import CalendarWindow, Cap, ContactPolicy, Counted, Scope
from service.domain.reasons import Audience
from service.domain.situation import Ask, Placement
from service.domain.ulid import new_ulid
from service.errors import DecisionUnknown, OfferUnknown, RecordGone
from service.ports import RecordKind
from service.use_cases.decision_command import DecisionCommand
from service.use_cases.decision_records import DecisionRecord, decode_record, encode_record
from service.use_cases.edition import Edition, compose_edition
from service.use_cases.explain_decision import Outranked, reasons_of, why_not
from service.use_cases.make_decision import MakeDecision, Surroundings
from service.use_cases.replay_decision import DecidedAgain, RecordedDecisions, differences
from tests.fake_memory import FakeContacts, FixedDecoder, MemoryLog, OneEdition
from tests.fakes import NOW, FakeCustomerStore, FixedClock, toy_record
from tests.toy_release import CountingObserver, toy_edition, toy_release
from tests.worlds import OFFERS, VOCABULARY, toy_catalogue

ASK = Ask("mobile_app", (Placement("home_feed", 2),), "en", trigger="login")
EDITION = toy_edition(toy_release())


def recorded(
    edition: Edition = EDITION,
) -> tuple[RecordedDecisions, MemoryLog, DecisionRecord]:
    """One decision on record, and the way to it."""
    log, observer = MemoryLog(), CountingObserver()
    store = FakeCustomerStore({"known": toy_record()})
    make_decision = MakeDecision(
        Surroundings(store, FakeContacts(), log, FixedClock(), observer),
        sinks=(),
        edition=edition,
        state_deadline_seconds=0.025,
    )
    asyncio.run(make_decision(DecisionCommand("known", ASK), lambda result, named: b""))
    (stored,) = log.records
    assert stored.payload is not None
    decisions = RecordedDecisions(log, OneEdition(edition), FixedDecoder(toy_record()))
    return decisions, log, decode_record(stored.payload)


def test_is_decided_again_to_the_bit() -> None:
    decisions, _, record = recorded()
    again = asyncio.run(decisions.again(decisions.find(record.decision_id)))
    assert differences(again) == []


def altered(record: DecisionRecord, **inputs: object) -> DecisionRecord:
    """The record with other inputs."""
    return msgspec.structs.replace(record, inputs=msgspec.structs.replace(record.inputs, **inputs))


@pytest.mark.parametrize(
    "inputs",
    [
        {"kills": {"offers": ["buy_fund"]}},
        {"refused": ["take_loan"]},
        {"placements": [("home_feed", 1)]},
        {"is_loaded": False},
        {"context": {"intent": "borrow"}},
        {"commit_reasons": ["commit_unreachable"]},
    ],
    ids=lambda inputs: next(iter(inputs)),
)
def test_an_altered_input_is_told(inputs: dict[str, object]) -> None:
    decisions, _, record = recorded()
    assert differences(asyncio.run(decisions.again(altered(record, **inputs))))


@given(byte=st.integers(0, 47), value=st.integers(0, 255))
@settings(max_examples=50, deadline=None)
def test_an_altered_output_is_told(byte: int, value: int) -> None:
    decisions, _, record = recorded()
    column = bytearray(record.outputs.propensity)
    is_other, column[byte] = column[byte] != value, value
    outputs = msgspec.structs.replace(record.outputs, propensity=bytes(column))
    again = asyncio.run(decisions.again(msgspec.structs.replace(record, outputs=outputs)))
    assert bool(differences(again)) == is_other


def test_survives_its_encoding() -> None:
    _, _, record = recorded()
    assert decode_record(encode_record(record)) == record


def test_an_unknown_or_erased_decision_is_told_apart() -> None:
    decisions, log, record = recorded()
    with pytest.raises(DecisionUnknown):
        decisions.find(new_ulid(NOW))
    with pytest.raises(DecisionUnknown):
        decisions.find("no ulid")
    log.records[0] = replace(log.records[0], payload=None)
    with pytest.raises(RecordGone):
        decisions.find(record.decision_id)
    assert log.records[0].kind is RecordKind.DECISION


def test_an_offer_is_held_against_those_of_its_lane_where_it_could_have_stood() -> None:
    lanes = (Lane.SERVICE, *[Lane.MARKETING] * (len(OFFERS) - 1))
    decisions, _, record = recorded(
        compose_edition(replace(toy_catalogue(), lanes=lanes), toy_release(), VOCABULARY)
    )
    again = asyncio.run(decisions.again(record))
    (slate,) = again.result.decision.slates
    priority = again.result.decision.priority
    assert OFFERS[slate.rows[0]] == "open_account"
    told = why_not(again, "visit_us")
    assert told.outranked is Outranked.LOWER_PRIORITY
    assert told.lowest_shown_priority == min(priority[row] for row in slate.rows[1:])


def test_an_offer_the_others_left_no_room_for_is_told_so() -> None:
    one = Cap("one", Scope.ALL, Counted.DECISION, CalendarWindow.DAY, 1)
    policy = replace(toy_catalogue().policy, contact=ContactPolicy(caps=(one,)))
    edition = compose_edition(replace(toy_catalogue(), policy=policy), toy_release(), VOCABULARY)
    decisions, _, record = recorded(edition)
    again = asyncio.run(decisions.again(record))
    assert [len(slate.rows) for slate in again.result.decision.slates] == [1]
    assert why_not(again, "take_loan").outranked is Outranked.NO_ROOM


def income_of(again: DecidedAgain) -> float:
    """What is known of her income."""
    features = again.result.situation.customer.features
    assert features is not None
    return float(features.number("income_monthly"))


def set_income(again: DecidedAgain, income: float) -> None:
    """Let it be known."""
    features = again.result.situation.customer.features
    assert features is not None
    features.numbers["income_monthly"][0] = income


def test_every_offer_not_made_is_explained() -> None:
    decisions, _, record = recorded()
    again = asyncio.run(decisions.again(record))
    for offer in OFFERS:
        told = why_not(again, offer)
        assert told.was_offered or told.denials or told.outranked
        for denial in told.denials:
            assert denial.seen
            assert denial.needed
            assert denial.text
    assert why_not(again, "partner_cover").denials[0].code == "consent_given"
    assert why_not(again, "open_account").outranked is Outranked.LOWER_PRIORITY
    with pytest.raises(OfferUnknown):
        why_not(again, "nothing")


def test_a_fact_nobody_knows_is_no_reason_although_its_absence_speaks_for_the_offer() -> None:
    decisions, _, record = recorded()
    again = asyncio.run(decisions.again(record))
    assert income_of(again) != income_of(again)  # NaN
    told = reasons_of(again, Audience.AUDITOR)
    assert told
    assert not any(told.values())


def test_winners_have_reasons_for_each_audience() -> None:
    decisions, _, record = recorded()
    again = asyncio.run(decisions.again(record))
    set_income(again, 3_000.0)
    told = {audience: reasons_of(again, audience) for audience in Audience}
    winners = {row for slate in again.result.decision.slates for row in slate.rows}
    assert all(set(reasons) == winners for reasons in told.values())
    row = min(winners)
    assert [one.code for one in told[Audience.AGENT][row]] == ["INCOME"]
    assert told[Audience.CUSTOMER][row] == ()
    assert np.isfinite(told[Audience.AGENT][row][0].weight)
