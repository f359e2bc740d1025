"""`nbo audit` and `nbo events` on a log as a service leaves it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import datetime, timezone
from pathlib import Path

import msgspec
import polars as pl
import pytest

from nbo.cli import run
from service.domain.kill_switches import KillScope
from service.domain.ulid import new_ulid, ulid_bytes, ulid_text
from service.ports import RecordKind, kind_key
from service.use_cases.set_kill_switch import KillRecord
from service.use_cases.version_records import CatalogueRecord, ModelRecord, Why
from tests.written_log import WrittenLog

CUSTOMER = "customer-15889"
VERSIONS = {"model": "toy-1", "catalogue": "c1", "policy": "p1", "contract": "k1"}

SWITCH = msgspec.json.encode(
    KillRecord(
        scope=KillScope.OFFER,
        id="fund_x",
        active=True,
        reason="Ann [asked]",
        principal="bob@bank",
        at=datetime(2026, 11, 1, tzinfo=timezone.utc),
    )
)


class RecordedBank:
    """A home with two writers' decisions, some in full segments."""

    def __init__(self, home: Path) -> None:
        self.home, self.log = home, WrittenLog(home, segment_bytes=3_000)
        self.decisions: list[str] = []
        with self.log.opened() as first, self.log.opened() as second:
            for place in range(24):
                log = (first, second)[place % 2]
                self.decide(log)
            first.append(RecordKind.KILL_SWITCH, SWITCH)

    def decide(self, log) -> None:
        decision = new_ulid(datetime.now(tz=timezone.utc))
        record = {
            "decision_id": decision,
            "versions": VERSIONS,
            "inputs": {
                "customer_id": CUSTOMER,
                "values": [b"\x00\xff" * 60, None],
                "n": float("nan"),
            },
        }
        key = ulid_bytes(decision) or b""
        log.append(RecordKind.DECISION, msgspec.msgpack.encode(record), key=key)
        self.decisions.append(decision)


@pytest.fixture
def bank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RecordedBank:
    monkeypatch.setenv("NBO_HOME", str(tmp_path))
    monkeypatch.delenv("NBO_ANCHORS", raising=False)
    return RecordedBank(tmp_path)


def said(capsys) -> object:
    return json.loads(capsys.readouterr().out)


def damage(bank: RecordedBank, writer: str, seq: int) -> None:
    place = bank.log.places(writer)[seq - 1]
    content = bytearray(place.segment.path.read_bytes())
    content[place.end - 1] ^= 1
    place.segment.path.write_bytes(content)


def test_a_whole_log_is_verified_with_a_line_for_each_writer(bank, capsys) -> None:
    assert run(["audit", "verify"]) == 0
    lines = capsys.readouterr().out
    assert "w0" in lines
    assert lines.count("intact") == 2
    assert run(["audit", "verify", "--json"]) == 0
    document = said(capsys)
    assert document["is_intact"]
    assert [one["records"] for one in document["writers"]] == [13, 12]


def test_the_first_bad_record_is_named_and_the_exit_code_tells(bank, capsys) -> None:
    damage(bank, "w1", 3)
    with pytest.raises(SystemExit, match="1"):
        run(["audit", "verify", "--json"])
    printed = capsys.readouterr()
    assert json.loads(printed.out)["first_bad"] == {"writer": "w1", "seq": 3}
    assert "nbo: writer w1, record 3: its payload is altered" in printed.err


def test_anchors_on_another_volume_are_found_by_their_setting(bank, monkeypatch, capsys) -> None:
    (bank.home / "anchors").rename(bank.home / "elsewhere")
    with pytest.raises(SystemExit):
        run(["audit", "verify"])
    monkeypatch.setenv("NBO_ANCHORS", str(bank.home / "elsewhere"))
    assert run(["audit", "verify"]) == 0
    assert "on the log's own volume" in capsys.readouterr().err


def test_an_exported_decision_can_be_checked_with_what_its_file_says(bank, capsys) -> None:
    decision, out = bank.decisions[5], bank.home / "decision.json"
    assert run(["audit", "export", decision, "--out", str(out), "--json"]) == 0
    assert said(capsys)["records"] == 1
    assert out.stat().st_mode & 0o777 == 0o600
    document = json.loads(out.read_bytes())
    assert document["versions"] == VERSIONS
    (record,) = document["records"]
    assert record["payload"]["inputs"]["customer_id"] == CUSTOMER
    assert record["payload"]["inputs"]["n"] is None
    proof = {name: value for name, value in record["proof"].items() if value}
    payload = base64.b64decode(record["payload_bytes"])
    content = hashlib.sha256(bytes.fromhex(proof["salt"]) + payload).digest()
    micros = round(datetime.fromisoformat(record["written_at"]).timestamp() * 1_000_000)
    digest = hashlib.sha256(
        b"NBOR\x01\x01" + len(payload).to_bytes(4) + micros.to_bytes(8)
        + bytes.fromhex(proof["key"]) + content
    )  # fmt: skip
    chained = bytes.fromhex(proof["previous_h"]) + proof["writer"].encode()
    h = hashlib.sha256(chained + proof["seq"].to_bytes(8) + digest.digest())
    assert digest.hexdigest() == proof["payload_digest"]
    assert h.hexdigest() == proof["h"]


def test_an_export_names_the_records_that_were_in_force(bank, capsys) -> None:
    at = datetime.now(tz=timezone.utc)

    def catalogue(version: str) -> bytes:
        return msgspec.json.encode(CatalogueRecord("toy", version, "p1", Why.CHANGED, at))

    def model(bundle: str) -> bytes:
        return msgspec.json.encode(ModelRecord("toy", bundle, "k1", "compiled", Why.STARTED, at))

    with bank.log.opened() as log:
        for kind, payload in (
            (RecordKind.CATALOGUE, catalogue("c1")),
            (RecordKind.CATALOGUE, catalogue("c2")),
            (RecordKind.MODEL, model("another")),
        ):
            log.append(kind, payload, key=kind_key(kind))
        bank.decide(log)
        log.append(RecordKind.MODEL, model("toy-1"), key=kind_key(RecordKind.MODEL))
    out = bank.home / "decision.json"
    assert run(["audit", "export", bank.decisions[-1], "--out", str(out)]) == 0
    in_force = json.loads(out.read_bytes())["in_force"]
    assert in_force.keys() == {"catalogue"}  # the model's record is younger than the decision
    assert in_force["catalogue"]["payload"]["catalogue"] == "c1"
    assert run(["audit", "export", bank.decisions[0], "--out", str(out)]) == 0
    assert json.loads(out.read_bytes())["in_force"] == {}
    capsys.readouterr()
    assert run(["events", "list", "--kind", "model", "--json"]) == 0
    assert [(row["key"], row["what"]) for row in said(capsys)] == [
        ("", "bank toy: model another, ranker compiled, contract k1: a worker started with it"),
        ("", "bank toy: model toy-1, ranker compiled, contract k1: a worker started with it"),
    ]
    assert run(["events", "list", "--kind", "catalogue"]) == 0
    assert "catalogue c2, policy p1: taken over while serving" in capsys.readouterr().out
    assert run(["audit", "verify", "--json"]) == 0
    assert said(capsys)["kinds"] == {"decision": 25, "kill_switch": 1, "catalogue": 2, "model": 2}


def test_an_altered_decision_is_exported_with_what_is_wrong(bank, capsys) -> None:
    damage(bank, "w0", 1)
    out = bank.home / "decision.json"
    with pytest.raises(SystemExit, match="1"):
        run(["audit", "export", bank.decisions[0], "--out", str(out)])
    (record,) = json.loads(out.read_bytes())["records"]
    assert record["proof"]["problem"] == "its payload is altered"
    assert "record 1: its payload is altered" in capsys.readouterr().err


def test_an_erased_decision_is_exported_as_such(bank, capsys) -> None:
    with bank.log.opened() as log:
        assert log.erase(ulid_bytes(bank.decisions[3])) == 1
    out = bank.home / "decision.json"
    assert run(["audit", "export", bank.decisions[3], "--out", str(out)]) == 0
    (record,) = json.loads(out.read_bytes())["records"]
    assert record["erased"]
    assert record["payload"] is record["payload_bytes"] is record["proof"]["salt"] is None
    assert CUSTOMER not in out.read_text()
    assert run(["audit", "verify"]) == 0


@pytest.mark.parametrize(
    "words",
    [
        ["audit", "export", "01JG7Y8Q3V5W2X4Z6A8B0C1D2E", "--out", "x.json"],
        ["audit", "export", "no ulid", "--out", "x.json"],
        ["events", "list", "--since", "yesterday"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_found_is_one_clear_line(bank, capsys, words) -> None:
    assert run(words) == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


@pytest.mark.parametrize("words", [["audit", "verify"], ["events", "list"], ["events", "compact"]])
def test_a_home_without_a_log_says_so(tmp_path: Path, monkeypatch, capsys, words) -> None:
    monkeypatch.setenv("NBO_HOME", str(tmp_path / "empty"))
    assert run(words) == 1
    assert "`nbo serve` begins one" in capsys.readouterr().err


def test_the_newest_records_come_last_and_tell_nothing_personal(bank, capsys) -> None:
    assert run(["events", "list", "--limit", "5", "--json"]) == 0
    printed = capsys.readouterr().out
    rows = json.loads(printed)
    assert [row["key"] for row in rows[:4]] == bank.decisions[-4:]
    assert (rows[4]["kind"], rows[4]["key"]) == ("kill_switch", "")
    assert CUSTOMER not in printed
    assert run(["events", "list"]) == 0
    assert CUSTOMER not in capsys.readouterr().out
    assert run(["events", "list", "--personal", "--limit", "2", "--json"]) == 0
    decision, switch = said(capsys)
    assert decision["payload"]["inputs"]["customer_id"] == CUSTOMER
    assert switch["payload"]["id"] == "fund_x"


def test_a_kill_switch_is_listed_in_words_and_who_and_why_only_when_asked_for(bank, capsys) -> None:
    with bank.log.opened() as log:
        lifted = SWITCH.replace(b'"active":true', b'"active":false')
        log.append(RecordKind.KILL_SWITCH, lifted)
        log.append(RecordKind.KILL_SWITCH, b'{"id": "of another form"}')
    listed = ["events", "list", "--kind", "kill_switch"]
    assert run([*listed, "--json"]) == 0
    printed = capsys.readouterr().out
    words = [row["what"] for row in json.loads(printed)]
    assert words == ["offer fund_x stopped", "offer fund_x lifted", ""]
    assert "Ann" not in printed
    assert "bob" not in printed
    assert run([*listed, "--personal", "--limit", "3", "--json"]) == 0
    assert said(capsys)[0]["what"] == "offer fund_x stopped by bob@bank: Ann [asked]"
    assert run([*listed, "--personal"]) == 0
    assert "[asked]" in " ".join(capsys.readouterr().out.split())


def test_listed_times_say_their_offset(bank, capsys) -> None:
    assert run(["events", "list", "--limit", "1"]) == 0
    assert re.search(r"\d\d:\d\d:\d\d\+00:00", capsys.readouterr().out)


def test_the_list_can_be_narrowed_to_a_kind_and_a_time(bank, capsys) -> None:
    assert run(["events", "list", "--kind", "kill_switch", "--json"]) == 0
    (row,) = said(capsys)
    assert run(["events", "list", "--since", row["time"], "--json", "--limit", "100"]) == 0
    assert said(capsys) == [row]
    assert run(["events", "list", "--since", "2000-01-01", "--json", "--limit", "100"]) == 0
    assert len(said(capsys)) == 25


def compacted(bank: RecordedBank) -> pl.DataFrame:
    return pl.read_parquet(bank.home / "events" / "decision" / "*.parquet").sort("writer", "seq")


def test_compacted_records_are_those_of_the_full_segments_and_stay_when_run_again(
    bank, capsys
) -> None:
    assert run(["events", "compact", "--json"]) == 0
    summary = said(capsys)
    frame = compacted(bank)
    full = {s.path for w in ("w0", "w1") for s in bank.log.segments(w)[:-1]}
    expected = [
        (
            record.writer,
            record.seq,
            record.h,
            record.previous_h,
            record.payload_digest,
            record.payload,
        )
        for record in _records(bank)
        if any(
            place.segment.path in full and place.seq == record.seq
            for place in bank.log.places(record.writer)
        )
    ]
    names = ("writer", "seq", "h", "previous_h", "payload_digest", "payload")
    assert frame.select(names).rows() == expected
    assert summary["records"] == len(expected) > 10
    files = {path: path.read_bytes() for path in bank.home.glob("events/*/*.parquet")}
    assert run(["events", "compact", "--json"]) == 0
    assert said(capsys)["segments"] == 0
    assert {path: path.read_bytes() for path in files} == files


def _records(bank: RecordedBank):
    from service.adapters.event_log import EventBook

    return list(EventBook(bank.log.records).records(kind=RecordKind.DECISION))


def test_later_segments_are_added_and_lost_ones_are_kept(bank) -> None:
    assert run(["events", "compact"]) == 0
    before = compacted(bank).height
    lost = bank.log.segments("w1")[0]
    lost.path.unlink()
    with bank.log.opened() as log:
        for _ in range(20):
            bank.decide(log)
    assert run(["events", "compact"]) == 0
    after = compacted(bank)
    assert after.height > before
    assert after.unique(["writer", "seq"]).height == after.height
    assert after.filter(writer="w1", seq=1).height == 1


def test_an_erased_payload_goes_from_the_parquet_too(bank) -> None:
    assert run(["events", "compact"]) == 0
    with bank.log.opened() as log:
        log.erase(ulid_bytes(bank.decisions[0]))
    assert run(["events", "compact"]) == 0
    (row,) = compacted(bank).filter(key=ulid_bytes(bank.decisions[0])).rows(named=True)
    assert row["payload"] is row["salt"] is None
    assert len(row["h"]) == 32


def test_a_damaged_segment_is_not_compacted(bank, capsys) -> None:
    damage(bank, "w0", 2)
    assert run(["events", "compact"]) == 1
    assert "record 2 of writer w0 is damaged" in capsys.readouterr().err
    assert not list(bank.home.glob("events/*/*.parquet"))


def test_a_ulid_and_its_bytes_tell_the_same() -> None:
    ulid = new_ulid(datetime.now(tz=timezone.utc))
    assert ulid_text(ulid_bytes(ulid) or b"") == ulid
