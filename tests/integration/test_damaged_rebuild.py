"""`nbo contact rebuild` reads everything before it changes anything: damage is one clear line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from redis import Redis

from feature_repo.contact_layout import ENTRY, contact_key, decode_contacts
from feature_repo.online_layout import generation_key
from model_registry.home import Home
from nbo.cli import run
from service.domain.outcomes import Outcome, OutcomeKind
from service.ports import RecordKind
from service.use_cases.outcome_records import OutcomeRecord, OutcomeStatus
from tests.built_bank import built
from tests.contact_worlds import entry
from tests.toy_bank import BANK, DATA_UNTIL
from tests.toy_catalogue_files import toy_files, written
from tests.written_log import WrittenLog, some_key
from training.tables.store import TableStore

HEARD = datetime(DATA_UNTIL.year, DATA_UNTIL.month, DATA_UNTIL.day, 12, tzinfo=UTC)
COUNT = 20


def heard(number: int) -> bytes:
    """One impression on record."""
    at = HEARD + timedelta(seconds=number)
    made = ("01M8HHDD4RFZ1RXXVP9QSSPF00", "buy_fund", OutcomeKind.IMPRESSION)
    outcome = Outcome(f"e{number}", *made, at, at, "mobile_app")
    return msgspec.msgpack.encode(
        OutcomeRecord(
            status=OutcomeStatus.ACCEPTED,
            principal="app",
            customer_id="c01",
            outcome=outcome,
            entry=entry(at.timestamp(), decision=number + 1).tobytes(),
        )
    )


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, redis: Redis) -> WrittenLog:
    """The log, in several segments, of a bank that is loaded and has a history from it."""
    home, catalogue = built(tmp_path / "home"), tmp_path / "catalogue"
    catalogue.mkdir()
    monkeypatch.setenv("NBO_HOME", str(home.root))
    monkeypatch.setenv("NBO_REDIS_URL", address)
    monkeypatch.setenv("NBO_CATALOGUE", str(written(catalogue, toy_files())))
    monkeypatch.delenv("NBO_ANCHORS", raising=False)
    log = WrittenLog(home.root)
    with log.opened() as opened:
        for number in range(COUNT):
            opened.append(RecordKind.OUTCOME, heard(number), key=some_key())
    assert len(log.segments("w0")) > 1
    assert run(["features", "materialize"]) == 0
    return log


def state(redis: Redis) -> dict[bytes, bytes]:
    return {key: redis.dump(key) for key in redis.scan_iter(b"*")}


def refused(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    """The one line a rebuild, or another command, ends with."""
    capsys.readouterr()
    assert run(command or ["contact", "rebuild"]) == 1
    told = capsys.readouterr().err.splitlines()
    (line,) = (line for line in told if line.startswith("nbo: "))
    return str(line)


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def test_a_sound_log_is_rebuilt_from(log: WrittenLog, redis: Redis) -> None:
    whole = state(redis)
    redis.delete(contact_key(BANK, "c01"))
    assert run(["contact", "rebuild"]) == 0
    assert state(redis) == whole
    history = decode_contacts(BANK, "c01", redis.get(contact_key(BANK, "c01")))
    assert set(range(1, COUNT + 1)) <= set(history["decision"].tolist())


@pytest.mark.parametrize("place", ["first", "last"])
def test_a_flipped_byte_in_an_old_segment_changes_nothing(
    log: WrittenLog, redis: Redis, capsys, place: str
) -> None:
    before = state(redis)
    records = [it for it in log.places("w0") if it.segment == log.segments("w0")[0]]
    damaged = records[0 if place == "first" else -1]
    flip(damaged.segment.path, damaged.end - 1)
    assert f"record {damaged.seq} of writer w0 is damaged" in refused(capsys)
    assert redis.exists(generation_key(BANK))
    assert state(redis) == before


def test_a_load_that_would_delete_reads_the_log_first_too(
    log: WrittenLog, redis: Redis, capsys
) -> None:
    redis.set(generation_key(BANK), b"of another load")
    before = state(redis)
    damaged = log.places("w0")[0]
    flip(damaged.segment.path, damaged.end - 1)
    assert "record 1 of writer w0 is damaged" in refused(capsys, "features", "materialize")
    assert state(redis) == before


@pytest.mark.parametrize(
    "payload",
    [b"no outcome", msgspec.msgpack.encode({"status": "accepted"}), heard(1)[: -ENTRY.itemsize]],
    ids=["garbage", "half", "cut"],
)
def test_a_record_of_another_form_changes_nothing(
    log: WrittenLog, redis: Redis, capsys, payload: bytes
) -> None:
    with log.opened() as opened:
        opened.append(RecordKind.OUTCOME, payload, key=some_key())
        opened.append(RecordKind.OUTCOME, heard(COUNT), key=some_key())
    before = state(redis)
    assert "this version cannot read record" in refused(capsys)
    assert state(redis) == before


@pytest.mark.parametrize("table", ["contacts", "consents"])
def test_a_damaged_table_changes_nothing(log: WrittenLog, redis: Redis, capsys, table: str) -> None:
    before = state(redis)
    path = TableStore(Home(log.root)).path(table)
    sound = path.read_bytes()
    path.write_bytes(sound[:-20] + bytes(20))
    assert f"{table}.parquet cannot be read: restore it" in refused(capsys)
    path.write_bytes(sound)
    flip(path, len(sound) // 3)
    assert "nbo: " in refused(capsys)
    assert state(redis) == before
