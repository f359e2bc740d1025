"""What is stopped as far as the log tells: for whoever finds no file that says so."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from service.domain.kill_switches import KillState, KillSwitch
from service.errors import RecordDamaged
from service.ports import LogRecord
from service.use_cases.set_kill_switch import KillRecord


def stops_on_record(records: Iterable[LogRecord]) -> KillState:
    """The state after every kill_switch record of all writers, given in any order.

    Raises `RecordDamaged` for one that cannot be understood: it may be a stop.
    """
    told = [(_told(record), record.writer, record.seq) for record in records]
    # A chain orders one writer's records only, and one may be written long after its instant.
    told.sort(key=lambda one: (one[0].at, *one[1:]))
    state = KillState()
    for change, *_ in told:
        state = _after(state, change)
    return state


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
