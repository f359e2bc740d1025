"""kill -9 of a worker under load: what somebody was told is in the log."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from service.adapters.event_log import EventBook
from service.adapters.event_log.verification import verify
from service.domain.ulid import ulid_bytes
from service.ports import RecordKind
from service.use_cases.decision_records import decode_record
from tests.faults.conftest import ToyInstallation
from tests.faults.http_load import Customers
from tests.faults.served_bank import ServedBank, served, until
from tests.toy_bank import CUSTOMERS

WORKERS, KILLS, ENOUGH = 2, 1, 300


def started(bank: ServedBank) -> float:
    """How many workers have started so far."""
    return bank.metric("nbo_worker_starts_total")


def test_every_decision_a_killed_worker_told_is_on_record(
    installation: ToyInstallation, tmp_path: Path
) -> None:
    environment = installation.environment(NBO_STATE_DEADLINE_MS="5000")
    with served(environment, tmp_path, workers=WORKERS) as bank:
        asking = Customers(bank.port, CUSTOMERS, connections=6)
        with asking.asking() as seen:
            for kill in range(1, KILLS + 1):
                until(lambda kill=kill: len(seen.answers) >= kill * ENOUGH)
                os.kill(bank.workers()[0], signal.SIGKILL)
                until(lambda kill=kill: started(bank) == WORKERS + kill)
            asking.wait()
    home = installation.home.root
    assert set(seen.statuses) == {200}
    told = [answer.document for answer in seen.answers]
    book = EventBook(home / "log")
    for answer in told:
        key = ulid_bytes(answer["decision_id"])
        assert key is not None
        found = book.find(key, kind=RecordKind.DECISION)
        assert found is not None, f"{answer['decision_id']} of {len(told)} is not on record"
        assert found.payload is not None
        slates = decode_record(found.payload).outputs.slates
        said = [[it["offer_id"] for it in place["offers"]] for place in answer["placements"]]
        assert [offers for _, offers, _ in slates] == said
    assert not verify(home / "log", home / "anchors", lambda *_: None).damaged
