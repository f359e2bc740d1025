"""`nbo events erase`: one customer goes, from a real log and a real Redis; nobody else does."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timezone

import msgspec
import pytest

from feature_repo.contact_layout import contact_key
from feature_repo.online_layout import consent_key, feast_key
from nbo.cli import run
from service.adapters.event_log import EventBook, FileEventLog
from service.domain.principal import AccessScope, Principal, PrincipalKind
from service.domain.ulid import new_ulid, ulid_bytes
from service.ports import LogRecord, RecordKind
from service.use_cases.decision_records import decode_record, encode_record
from tests.fakes import NOW
from tests.outcome_service import Service, outcome
from tests.toy_bank import BANK, toy_tables
from training.tables.store import TableStore


@pytest.fixture
def log(home) -> FileEventLog:
    return FileEventLog(home.root / "log", home.root / "anchors")


def of_another(record: LogRecord, customer: str) -> LogRecord:
    """The same decision, made for somebody else."""
    decided = decode_record(record.payload or b"")
    inputs = msgspec.structs.replace(decided.inputs, customer_id=customer)
    decision = new_ulid(datetime.now(tz=timezone.utc))
    again = msgspec.structs.replace(decided, inputs=inputs, decision_id=decision)
    return replace(record, payload=encode_record(again), key=ulid_bytes(decision) or b"")


@pytest.fixture
def recorded(log) -> list[LogRecord]:
    """A decision for c1, a report of it, one that came before its decision, one of hers whose
    decision never came, and a decision for c10.
    """
    live, early = Service(), Service()
    shown = outcome(live.decide())
    live.report(shown)
    early.report(replace(shown, event_id="early"))
    never = replace(shown, event_id="never", decision_id=new_ulid(NOW))
    own = Principal("app", PrincipalKind.CUSTOMER, frozenset({AccessScope.CUSTOMER}), "c1")
    early.report(never, principal=own)
    records = [*live.log.records, *early.log.records, of_another(live.log.records[0], "c10")]
    log.open_now()
    for record in records:
        log.append(record.kind, record.payload or b"", key=record.key)
    log.close_now()
    return records


def put_online(redis, customer: str) -> list[bytes | str]:
    keys = [feast_key(BANK, customer), consent_key(BANK, customer), contact_key(BANK, customer)]
    redis.hset(keys[0], "field", "value")
    redis.set(keys[1], "consents")
    redis.set(keys[2], "contacts")
    return keys


def erased(home) -> list[RecordKind]:
    return [one.kind for one in EventBook(home.root / "log").records() if one.payload is None]


def test_tells_what_is_held_and_erases_nothing_without_being_told_to(
    home, recorded, redis, address, monkeypatch, capsys
) -> None:
    monkeypatch.setenv("NBO_REDIS_URL", address)
    keys = put_online(redis, "c1")
    assert run(["events", "erase", "--customer", "c1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"decisions": 1, "outcomes": 3}
    assert run(["events", "erase", "--customer", "c1"]) == 0
    assert "nothing was erased: repeat it with --yes" in capsys.readouterr().err
    assert erased(home) == []
    assert redis.exists(*keys) == len(keys)


def test_erases_one_customer_and_leaves_all_others_and_the_chains(
    home, recorded, redis, address, monkeypatch, capsys
) -> None:
    monkeypatch.setenv("NBO_REDIS_URL", address)
    hers, another = put_online(redis, "c1"), put_online(redis, "c10")
    assert run(["events", "erase", "--customer", "c1", "--yes", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"decisions": 1, "outcomes": 3, "erased_records": 4, "deleted_redis_keys": 3}
    assert sorted(erased(home)) == ["decision", "outcome", "outcome", "outcome"]
    assert redis.exists(*hers) == 0
    assert redis.exists(*another) == len(another)
    kept = EventBook(home.root / "log").find(recorded[-1].key)
    assert kept is not None
    assert kept.payload == recorded[-1].payload
    assert run(["audit", "verify"]) == 0
    assert run(["events", "erase", "--customer", "c1", "--json"]) == 0
    assert '"decisions": 0' in capsys.readouterr().out


def test_who_is_still_in_the_tables_is_not_erased(home, recorded, capsys) -> None:
    """Her objections would be forgotten, and her features come back with the next load."""
    TableStore(home).write("customers", toy_tables()["customers"])
    known = toy_tables()["customers"]["customer_id"][0]
    assert run(["events", "erase", "--customer", known, "--yes"]) == 1
    assert "take her out of the bank's data" in capsys.readouterr().err
    assert erased(home) == []


def test_erases_while_a_service_writes(home, recorded, log, redis, address, monkeypatch) -> None:
    monkeypatch.setenv("NBO_REDIS_URL", address)
    log.open_now()
    try:
        assert run(["events", "erase", "--customer", "c1", "--yes"]) == 0
        found = log.find(recorded[0].key)
        assert found is not None
        assert found.payload is None
    finally:
        log.close_now()
    assert run(["audit", "verify"]) == 0
