"""What a rebuild of contact histories takes from the event log."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from feature_repo.contact_layout import ContactEvent, decision_key, name_key
from nbo.contact_log import logged_contacts
from service.adapters.event_log import FileEventLog
from service.domain.ulid import new_ulid, ulid_bytes
from service.ports import LogRecord
from tests.fakes import NOW
from tests.outcome_service import EDITION, OTHERS, Service, outcome
from tests.worlds import AS_OF


def written(root: Path, *lives: list[LogRecord]) -> Path:
    """A log in which each of these is the chain of another writer."""
    logs = [FileEventLog(root / "log", root / "anchors") for _ in lives]
    for log in logs:
        log.open_now()
    for log, records in zip(logs, lives, strict=True):
        for record in records:
            log.append(record.kind, record.payload or b"", key=record.key)
        log.close_now()
    return root / "log"


def told(folder: Path) -> list[tuple[str, np.void]]:
    entries = logged_contacts(folder, EDITION.catalogue)
    return [(who, one) for who, one in entries if one["event"] != ContactEvent.DECISION]


def decided_as(decision_id: str) -> LogRecord:
    """A decision that offers the fund to c1, under this id."""
    service = Service()
    service.decide()
    (record,) = service.log.records
    return replace(record, key=ulid_bytes(decision_id) or b"")


@pytest.mark.parametrize("happened", [timedelta(hours=-20), timedelta(0)])
def test_a_report_that_came_before_its_decision_is_counted_as_if_it_came_after(
    tmp_path: Path, happened: timedelta
) -> None:
    live, early = Service(), Service()
    shown = outcome(live.decide(), occurred_at=NOW + happened)
    live.report(shown)
    early.report(shown)
    ((customer, counted),) = live.contacts.noted
    folder = written(tmp_path, early.log.records, live.log.records[:1])
    ((who, entry),) = told(folder)
    assert who == customer
    same = [name for name in entry.dtype.names or () if name != "at"]
    assert entry[same] == counted[same]
    assert entry["at"] == pytest.approx(counted["at"], abs=1.0)
    assert entry["at"] == pytest.approx(AS_OF.timestamp(), abs=1.0)


@pytest.mark.parametrize("case", ["never decided", "of somebody else", "not offered"])
def test_what_would_not_be_counted_live_is_not_counted_in_a_rebuild(
    tmp_path: Path, case: str
) -> None:
    decision_id = new_ulid(NOW)
    reported = Service()
    shown = outcome(decision_id, offer_id="get_card" if case == "not offered" else "buy_fund")
    if case == "of somebody else":
        reported.report(shown, principal=OTHERS)
    else:
        reported.report(shown)
    decisions = [] if case == "never decided" else [decided_as(decision_id)]
    assert told(written(tmp_path, reported.log.records, decisions)) == []


def test_an_early_report_that_was_accepted_later_too_tells_one_thing(tmp_path: Path) -> None:
    live, early = Service(), Service()
    shown = outcome(live.decide())
    live.report(shown)
    early.report(shown)
    both = told(written(tmp_path, early.log.records, live.log.records))
    keys = {(who, int(one["decision"]), int(one["offer"]), int(one["event"])) for who, one in both}
    seen = ("c1", decision_key(shown.decision_id), name_key("buy_fund"), ContactEvent.IMPRESSION)
    assert keys == {seen}
