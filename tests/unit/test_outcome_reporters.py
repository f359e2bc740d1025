"""Who may report what: an agent in her calls, an app for each of its customers."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from service.domain.outcomes import OutcomeKind
from service.domain.principal import LOCAL, AccessScope, CallGrant, Principal, PrincipalKind
from service.ports import RecordKind
from service.use_cases.outcome_records import (
    BEFORE_DECISION,
    NO_CALL,
    OutcomeRecord,
    OutcomeStatus,
    Reporter,
    event_key,
)
from tests.fakes import NOW
from tests.outcome_service import Service, outcome

OUTCOMES = msgspec.msgpack.Decoder(OutcomeRecord)
OVER = NOW - timedelta(seconds=1)
"""When the call ended that the agent writes down now."""


def agent(until_seconds: float) -> Principal:
    """In a call with c1 whose grant ends so many seconds from now."""
    call = CallGrant("c-9", "c1", NOW + timedelta(seconds=until_seconds))
    return Principal("A17", PrincipalKind.AGENT, frozenset({AccessScope.AGENT}), calls=(call,))


def app_of(customer_id: str) -> Principal:
    """The bank's app, which has one subject, in the hands of this customer."""
    scopes = frozenset({AccessScope.CUSTOMER})
    return Principal("app", PrincipalKind.CUSTOMER, scopes, customer_id)


@pytest.mark.parametrize(
    ("until_seconds", "occurred_at", "status"),
    [
        (60.0, NOW, OutcomeStatus.ACCEPTED),
        (60.0, NOW + timedelta(minutes=2), OutcomeStatus.ACCEPTED),
        (-1.0, OVER - timedelta(seconds=1), OutcomeStatus.ACCEPTED),
        (-1.0, OVER + timedelta(seconds=29), OutcomeStatus.ACCEPTED),
        (-60.0, NOW - timedelta(seconds=30), OutcomeStatus.REJECTED),
        (-60.0, NOW, OutcomeStatus.REJECTED),
        (-31.0, NOW + timedelta(minutes=2), OutcomeStatus.REJECTED),
    ],
    ids=[
        "in the call",
        "in the call, by a clock ahead",
        "said in the call, reported after it",
        "at its end, as clocks differ",
        "just after its end",
        "after its end",
        "after its end, by a clock ahead",
    ],
)
def test_an_agent_reports_what_was_said_in_her_call(until_seconds, occurred_at, status) -> None:
    service = Service()
    said = outcome(service.decide(), occurred_at=occurred_at)
    (result,) = service.report(said, principal=agent(until_seconds))
    assert result.status is status
    assert len(service.contacts.noted) == (status is OutcomeStatus.ACCEPTED)


def test_one_batch_of_an_agent_holds_what_was_said_before_and_after_the_end_of_her_call() -> None:
    service = Service()
    before = outcome(service.decide(), occurred_at=NOW - timedelta(seconds=61))
    after = replace(before, event_id="e-2", outcome=OutcomeKind.CLICK, occurred_at=NOW)
    results = service.report(before, after, principal=agent(-60.0))
    assert [it.status for it in results] == [OutcomeStatus.ACCEPTED, OutcomeStatus.REJECTED]
    assert results[1].detail == NO_CALL


def test_an_agent_whose_call_is_over_reports_nothing_of_a_decision_made_since() -> None:
    """Else she could date it back: it would count as of the decision."""
    service = Service()
    back = outcome(service.decide(), occurred_at=NOW - timedelta(hours=4))
    (result,) = service.report(back, principal=agent(-3 * 3600.0))
    assert (result.status, result.detail) == (OutcomeStatus.REJECTED, BEFORE_DECISION)
    (theirs,) = service.report(replace(back, event_id="e-2"), principal=app_of("c1"))
    assert theirs.status is OutcomeStatus.ACCEPTED


def test_what_is_known_to_be_about_one_customer_names_no_other() -> None:
    service, both = Service(), agent(60.0)
    calls = (*both.calls, CallGrant("c-10", "c2", both.calls[0].until))
    service.report(outcome(service.decide()), principal=replace(both, calls=calls))
    record = OUTCOMES.decode(service.log.records[-1].payload or b"")
    assert record.customers == ("c1",)


def test_every_reporter_numbers_its_own_events() -> None:
    service = Service()
    shown = outcome(service.decide())
    service.report(shown)
    clicked = replace(shown, outcome=OutcomeKind.CLICK)
    (other_content,) = service.report(clicked)
    assert other_content.status is OutcomeStatus.REJECTED
    call_centre = replace(LOCAL, subject="call centre")
    (other_reporter,) = service.report(clicked, principal=call_centre)
    assert other_reporter.status is OutcomeStatus.ACCEPTED


def test_every_customer_of_an_app_numbers_her_own_events() -> None:
    service = Service()
    waiting = outcome("01JBQ5W3ZK8V6M2T4X9C7D1E0F")
    service.report(waiting, principal=app_of("c2"))
    hers = outcome(service.decide())
    (accepted,) = service.report(hers, principal=app_of("c1"))
    assert accepted.status is OutcomeStatus.ACCEPTED
    (again,) = service.report(hers, principal=app_of("c1"))
    assert again.status is OutcomeStatus.DUPLICATE
    (other,) = service.report(replace(hers, offer_id="take_loan"), principal=app_of("c1"))
    assert other.status is OutcomeStatus.REJECTED


def test_what_waits_is_found_again_under_its_customers_own_number() -> None:
    service = Service()
    service.log.looks_before = 2  # the event is new, its decision not on record yet
    hers = outcome(service.decide())
    (waits,) = service.report(hers, principal=app_of("c1"))
    assert waits.status is OutcomeStatus.QUARANTINED
    key = service.log.records[-1].key
    record = OUTCOMES.decode(service.log.records[-1].payload or b"")
    assert event_key(record.reporter, "e-1") == key


def test_a_record_from_before_customers_had_numbers_of_their_own_is_read_and_found() -> None:
    service = Service()
    service.report(outcome(service.decide()), principal=replace(LOCAL, subject="app"))
    written = msgspec.msgpack.decode(service.log.records[-1].payload or b"")
    del written["bound_to"]
    record = OUTCOMES.decode(msgspec.msgpack.encode(written))
    assert record.reporter == Reporter("app")
    as_before = hashlib.blake2b(b'["outcome","app","e-1"]', digest_size=16).digest()
    assert service.log.find(as_before) == service.log.records[-1]
    assert service.kinds() == [RecordKind.DECISION, RecordKind.OUTCOME]
