"""A batch of outcomes is answered as the same outcomes one by one; all of it is kept or nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from service.domain.outcomes import Outcome, OutcomeKind
from service.domain.ulid import new_ulid
from service.ports import RecordKind
from service.use_cases.outcome_records import OutcomeStatus
from tests.fakes import NOW
from tests.outcome_service import Service, outcome

ACCEPTED, DUPLICATE = OutcomeStatus.ACCEPTED, OutcomeStatus.DUPLICATE
REJECTED, QUARANTINED = OutcomeStatus.REJECTED, OutcomeStatus.QUARANTINED
SHOWN = outcome(new_ulid(NOW))
LATER = replace(SHOWN, outcome=OutcomeKind.LATER, until=NOW + timedelta(days=1))
REJECT = replace(SHOWN, outcome=OutcomeKind.REJECT)
PAIRS = {
    "the same": (SHOWN, SHOWN, [ACCEPTED, DUPLICATE]),
    "valid after invalid": (replace(LATER, until=None), REJECT, [REJECTED, ACCEPTED]),
    "other content": (REJECT, replace(SHOWN, outcome=OutcomeKind.ACCEPT), [ACCEPTED, REJECTED]),
    "another offer": (replace(SHOWN, offer_id="get_card"), SHOWN, [REJECTED, ACCEPTED]),
    "invalid after valid": (LATER, replace(LATER, until=None), [ACCEPTED, REJECTED]),
}


def about(decision_id: str, one: Outcome) -> Outcome:
    return replace(one, decision_id=decision_id)


@pytest.mark.parametrize("pair", PAIRS)
def test_one_event_id_twice_in_a_batch_is_answered_as_in_two_calls(pair: str) -> None:
    first, second, expected = PAIRS[pair]
    batch, calls = Service(), Service()
    decided = batch.decide()
    at_once = batch.report(about(decided, first), about(decided, second))
    decided = calls.decide()
    one_by_one = [calls.report(about(decided, it))[0] for it in (first, second)]
    assert [one.status for one in at_once] == expected
    assert at_once == one_by_one
    assert batch.kinds() == calls.kinds()
    assert len(batch.contacts.noted) == len(calls.contacts.noted) == 1


@pytest.mark.parametrize("at_once", [True, False])
def test_what_waits_under_an_event_id_lets_no_other_content_in(at_once: bool) -> None:
    service = Service()
    other = replace(SHOWN, outcome=OutcomeKind.CLICK)
    batches = [(SHOWN, SHOWN, other)] if at_once else [(SHOWN,), (SHOWN,), (other,)]
    results = [one.status for batch in batches for one in service.report(*batch)]
    assert results == [QUARANTINED, QUARANTINED, REJECTED]
    assert service.kinds() == [RecordKind.OUTCOME]


def test_nothing_of_a_batch_is_kept_when_one_of_it_cannot_be_written_down() -> None:
    service = Service()
    decided = service.decide()
    unwritable = replace(about(decided, REJECT), event_id="e-2", channel="\ud800")
    with pytest.raises(UnicodeEncodeError):
        service.report(about(decided, SHOWN), unwritable)
    assert service.kinds() == [RecordKind.DECISION]
