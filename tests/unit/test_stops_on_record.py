"""Where the file of the kill switches is gone, the log of all workers says what is stopped."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import msgspec
import pytest

from model_registry.home import Home
from service.adapters.event_log import EventBook, FileEventLog
from service.adapters.kill_switch_file import FILE, KillSwitchFile
from service.bootstrap.furnishing import _stops_on_record
from service.bootstrap.place import Place
from service.domain.kill_switches import KillScope, KillState
from service.errors import DependencyUnavailable, RecordDamaged
from service.ports import RecordKind
from service.use_cases.set_kill_switch import KillRecord
from service.use_cases.stops_on_record import stops_on_record
from tests.written_log import WrittenLog

NOW = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)


def tell(
    log: FileEventLog, name: str, minute: int, *, active: bool = True, why: str = "why"
) -> None:
    at = NOW + timedelta(minutes=minute)
    record = KillRecord(KillScope.OFFER, name, active, why, "duty officer", at)
    log.append(RecordKind.KILL_SWITCH, msgspec.json.encode(record))


def told(written: WrittenLog) -> KillState:
    return stops_on_record(EventBook(written.records).records(kind=RecordKind.KILL_SWITCH))


def test_a_log_without_switches_stopped_nothing(tmp_path: Path) -> None:
    written = WrittenLog(tmp_path)
    with written.opened() as log:
        log.append(RecordKind.DECISION, b"x")
    assert told(written) == KillState()


def test_what_several_workers_stopped_and_lifted_is_put_in_order(tmp_path: Path) -> None:
    written = WrittenLog(tmp_path)
    with written.opened() as first, written.opened() as second:
        tell(first, "lifted", 0)
        tell(second, "stopped", 1)
        tell(second, "lifted", 2, active=False)
        tell(second, "stopped again", 3)
        tell(second, "stopped again", 4, active=False)
        tell(first, "stopped again", 5, why="worse")
    state = told(written)
    assert [(one.id, one.since) for one in state.stopped] == [
        ("stopped", NOW + timedelta(minutes=1)),
        ("stopped again", NOW + timedelta(minutes=5)),
    ]
    assert state.stopped[1].reason == "worse"
    assert state.version == 6


def test_a_stop_recorded_late_counts_as_of_its_own_instant(tmp_path: Path) -> None:
    written = WrittenLog(tmp_path)
    with written.opened() as late, written.opened() as log:
        tell(log, "a", 5, active=False)
        tell(late, "a", 1)
    assert told(written).stopped == ()


def test_a_clock_that_was_set_back_lets_no_lift_overrule_a_later_stop(tmp_path: Path) -> None:
    written = WrittenLog(tmp_path)
    with written.opened() as log:
        tell(log, "a", 0)
        tell(log, "a", 100, active=False)
        tell(log, "a", 40)
    assert told(written).ids(KillScope.OFFER) == {"a"}


@pytest.mark.parametrize("lost", ["a segment", "a writer"])
def test_a_log_that_lacks_records_may_lack_a_stop(tmp_path: Path, lost: str) -> None:
    written = WrittenLog(tmp_path, segment_bytes=400)
    with written.opened() as log:
        for minute in range(6):
            tell(log, f"o{minute}", minute)
    place = cast("Place", SimpleNamespace(home=Home(tmp_path), anchors=written.anchors))
    assert len(_stops_on_record(place).stopped) == 6
    if lost == "a segment":
        written.segments("w0")[1].path.unlink()
    else:
        shutil.rmtree(written.records / "w0")
    with pytest.raises(RecordDamaged):
        _stops_on_record(place)


def test_a_record_that_tells_no_switch_may_be_a_stop(tmp_path: Path) -> None:
    written = WrittenLog(tmp_path)
    with written.opened() as log:
        log.append(RecordKind.KILL_SWITCH, b"{}")
    with pytest.raises(RecordDamaged, match="record 1 of writer w0"):
        told(written)


def test_a_missing_file_is_made_from_the_record_once(tmp_path: Path) -> None:
    written, file = WrittenLog(tmp_path), KillSwitchFile(tmp_path / "policy")
    with written.opened() as log:
        tell(log, "a", 0)
    file.ensure(lambda: told(written))
    assert KillSwitchFile(tmp_path / "policy").read().ids(KillScope.OFFER) == {"a"}
    file.change(lambda state: state.lifting(KillScope.OFFER, "a"))
    file.ensure(lambda: told(written))
    assert file.read().stopped == ()


def test_without_file_and_with_a_damaged_log_nobody_starts(tmp_path: Path) -> None:
    written, file = WrittenLog(tmp_path), KillSwitchFile(tmp_path / "policy")
    with written.opened() as log:
        tell(log, "a", 0)
        tell(log, "b", 1)
    (segment,) = (written.records / "w0").glob("*.log")
    segment.write_bytes(segment.read_bytes().replace(b'"id":"a"', b'"id":"z"'))
    with pytest.raises(DependencyUnavailable, match=f"{FILE} is gone.* record 1 of writer w0"):
        file.ensure(lambda: told(written))
    assert not (tmp_path / "policy" / FILE).exists()


def test_a_file_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "policy").write_bytes(b"in the way")
    with pytest.raises(DependencyUnavailable, match="mend access to NBO_HOME"):
        KillSwitchFile(tmp_path / "policy").ensure(KillState)
