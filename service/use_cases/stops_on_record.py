"""What is stopped as far as the log tells: for whoever finds no file that says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from service.domain.kill_switches import KillScope, KillState, KillSwitch
from service.errors import RecordDamaged
from service.ports import LogRecord
from service.use_cases.set_kill_switch import KillRecord


def stops_on_record(records: Iterable[LogRecord]) -> KillState:
    """The state after every kill_switch record of all writers, given in any order.

    Raises `RecordDamaged` for one that cannot be understood: it may be a stop.
    """
    state = KillState()
    for _, _, _, change in sorted(_dated(records), key=lambda one: one[:3]):
        state = _after(state, change)
    return state


def _dated(records: Iterable[LogRecord]) -> Iterator[tuple[datetime, str, int, KillRecord]]:
    """Every change with the instant it counts at: its own, but never before what the same writer
    recorded earlier of the same switch, for a clock may be set back.
    """
    latest: dict[tuple[str, KillScope, str], datetime] = {}
    for record in sorted(records, key=lambda one: (one.writer, one.seq)):
        change = _told(record)
        switch = (record.writer, change.scope, change.id)
        at = latest[switch] = max(change.at, latest.get(switch, change.at))
        yield at, record.writer, record.seq, change


def _after(state: KillState, change: KillRecord) -> KillState:
    if not change.active:
        return state.lifting(change.scope, change.id)
    return state.stopping(
        KillSwitch(change.scope, change.id, change.reason, change.principal, change.at)
    )


def _told(record: LogRecord) -> KillRecord:
    try:
        return msgspec.json.decode(record.payload or b"", type=KillRecord)
    except msgspec.DecodeError:
        problem = "it tells no kill switch"
        raise RecordDamaged(record.writer, record.seq, problem) from None
