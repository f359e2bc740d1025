"""What becomes of reported outcomes: once, durable, counted, or told why not."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from feature_repo.contact_layout import OPTED_OUT_SECONDS, ContactEvent, name_key
from service.domain.contact_plan import channel_code
from service.domain.contact_policy import CalendarWindow, Cap, ContactPolicy, Counted, Scope
from service.domain.outcomes import OutcomeKind, RejectReason
from service.domain.ulid import new_ulid
from service.errors import LogUnavailable
from service.ports import NoteStatus, RecordKind
from service.use_cases.count_outcomes import MOST_AT_ONCE
from service.use_cases.outcome_records import OutcomeRecord, OutcomeStatus
from tests.contact_worlds import window_start
from tests.fakes import NOW, toy_record
from tests.outcome_service import EDITION, OTHERS, Service, outcome
from tests.worlds import AS_OF

FIRST_INSTANT = datetime.fromisoformat("0001-01-01T00:00:00+14:00")
LAST_INSTANT = datetime.fromisoformat("9999-12-31T23:59:59-12:00")
OUTCOMES = msgspec.msgpack.Decoder(OutcomeRecord)


def test_is_durable_counted_and_answered() -> None:
    service = Service()
    (result,) = service.report(outcome(service.decide()))
    assert result.status is OutcomeStatus.ACCEPTED
    assert service.log.settled == 2
    ((customer, entry),) = service.contacts.noted
    assert customer == "c1"
    assert entry["event"] == ContactEvent.IMPRESSION
    assert entry["offer"] == name_key("buy_fund")


@pytest.mark.parametrize("event_id", ["e-1", "e-2"])
def test_what_is_sent_again_is_a_duplicate_whatever_its_event_id(event_id: str) -> None:
    service = Service()
    first = outcome(service.decide())
    service.report(first)
    (again,) = service.report(replace(first, event_id=event_id))
    assert again.status is OutcomeStatus.DUPLICATE
    assert len(service.contacts.noted) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"occurred_at": NOW + timedelta(minutes=6)}, "future"),
        ({"reason": RejectReason.OTHER}, "reject only"),
        ({"outcome": OutcomeKind.LATER}, "later needs until: send the date she named"),
        ({"until": NOW + timedelta(days=1)}, "until goes with later only: leave it out"),
        ({"offer_id": "get_card"}, "did not make this offer"),
        ({"occurred_at": FIRST_INSTANT}, "400 days in the past"),
        ({"outcome": OutcomeKind.LATER, "until": LAST_INSTANT}, "five years in the future"),
    ],
    ids=[
        "future",
        "reason",
        "later without date",
        "date without later",
        "another offer",
        "before all time",
        "after all time",
    ],
)
def test_what_cannot_be_is_rejected_and_not_kept(changes: dict[str, object], words: str) -> None:
    service = Service()
    decision_id = service.decide()
    (result,) = service.report(outcome(decision_id, **changes))
    assert result.status is OutcomeStatus.REJECTED
    assert words in result.detail
    assert service.kinds() == [RecordKind.DECISION]


def test_a_little_ahead_and_thirty_days_late_are_fine() -> None:
    service = Service()
    decision_id = service.decide()
    ahead = outcome(decision_id, occurred_at=NOW + timedelta(minutes=4))
    late = replace(
        ahead,
        event_id="e-2",
        outcome=OutcomeKind.CLICK,
        occurred_at=NOW - timedelta(days=30),
    )
    results = service.report(ahead, late)
    assert {result.status for result in results} == {OutcomeStatus.ACCEPTED}


def test_another_customers_decision_is_as_unknown_as_one_nobody_made() -> None:
    service = Service()
    of_another = outcome(service.decide())
    (told,) = service.report(of_another, principal=OTHERS)
    of_nobody = outcome(new_ulid(NOW), event_id="e-2")
    (untold,) = service.report(of_nobody, principal=OTHERS)
    assert (told.status, told.detail) == (untold.status, untold.detail)
    not_offered = replace(of_another, event_id="e-3", offer_id="get_card")
    (also_untold,) = service.report(not_offered, principal=OTHERS)
    assert (also_untold.status, also_untold.detail) == (untold.status, untold.detail)
    assert service.report(of_another, principal=OTHERS) == [told]
    asyncio.run(service.take.look_again())
    assert not service.contacts.noted


def test_what_was_accepted_and_never_counted_is_counted_when_it_is_sent_again() -> None:
    service = Service()
    shown = outcome(service.decide())
    service.contacts.note_ends = [NoteStatus.UNREACHABLE]
    service.report(shown)
    assert not service.contacts.noted
    (again,) = service.report(shown)
    assert again.status is OutcomeStatus.DUPLICATE
    assert len(service.contacts.noted) == 1


def test_without_a_log_nothing_is_accepted() -> None:
    service = Service()
    decision_id = service.decide()
    service.log.is_full = True
    with pytest.raises(LogUnavailable):
        service.report(outcome(decision_id))
    assert not service.contacts.noted


def test_an_overrun_is_counted_and_told() -> None:
    service = Service()
    service.contacts.note_ends = [NoteStatus.OVERRUN]
    (result,) = service.report(outcome(service.decide()))
    assert result.status is OutcomeStatus.ACCEPTED
    assert service.metrics.registry.get_sample_value("nbo_cap_overruns_total") == 1.0


def test_an_opt_out_says_how_long_it_is_to_be_kept() -> None:
    service = Service()
    opted_out = outcome(service.decide(), outcome=OutcomeKind.OPTED_OUT)
    service.report(opted_out)
    ((_, entry),) = service.contacts.noted
    assert entry["until"] == entry["at"] + OPTED_OUT_SECONDS


def test_counts_in_the_channel_that_decided_wherever_it_is_reported() -> None:
    service = Service()
    service.report(outcome(service.decide(), channel="branch"))
    ((_, entry),) = service.contacts.noted
    assert entry["channel"] == channel_code("mobile_app")
    assert OUTCOMES.decode(service.log.records[-1].payload or b"").outcome.channel == "branch"


@pytest.mark.parametrize(
    ("occurred", "received", "counted"),
    [(-23.0, 0.0, 0.0), (-0.001, 0.0, 0.0), (1.0, 2.0, 1.0), (1.0, 26.0, 26.0), (-1.0, 26.0, 26.0)],
)
def test_counts_when_it_happened_or_was_received_but_never_before_it_was_decided(
    occurred: float, received: float, counted: float
) -> None:
    service = Service()
    at = {"occurred_at": occurred, "received_at": received}
    instants = {name: NOW + timedelta(hours=hours) for name, hours in at.items()}
    service.report(outcome(service.decide(), **instants))
    ((_, entry),) = service.contacts.noted
    assert entry["at"] == (AS_OF + timedelta(hours=counted)).timestamp()


def test_a_full_batch_is_noted_by_and_by() -> None:
    service = Service()
    decision_id = service.decide()
    service.contacts.takes_seconds = 0.001
    kinds = (OutcomeKind.IMPRESSION, OutcomeKind.CLICK)
    batch = [outcome(decision_id, event_id=f"e-{n}", outcome=kinds[n % 2]) for n in range(100)]
    service.report(*batch)
    assert 1 < service.contacts.most_at_once <= MOST_AT_ONCE


@pytest.mark.parametrize("hers", ["Pacific/Kiritimati", None])
def test_an_overrun_is_judged_by_the_customers_own_day_and_by_the_banks_where_hers_is_unknown(
    hers: str | None,
) -> None:
    daily = Cap("day", Scope.ALL, Counted.IMPRESSION, CalendarWindow.DAY, 1)
    policy = replace(EDITION.catalogue.policy, contact=ContactPolicy(caps=(daily,)))
    customer = toy_record()
    assert customer.features is not None
    customer.features.categories["time_zone"][0] = hers
    service = Service(catalogue=replace(EDITION.catalogue, policy=policy), customer=customer)
    shown = outcome(service.decide())
    service.contacts.note_ends = [NoteStatus.UNREACHABLE]
    service.report(shown)
    service.report(shown)
    (checks,) = service.contacts.noted_caps
    zone = ZoneInfo(hers or policy.time_zone)
    assert checks.starts.tolist() == [window_start(CalendarWindow.DAY, AS_OF, zone)]
