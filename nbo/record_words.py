"""What catalogue, model, import and kill switch records say, in words: only of the last there is
something personal, which is told apart.
"""

from __future__ import annotations

import msgspec

from nbo.import_record import ImportRecord, import_told
from service.ports.event_log import LogRecord, RecordKind
from service.use_cases.set_kill_switch import KillRecord
from service.use_cases.version_records import CatalogueRecord, ModelRecord, Why, version_told

_WHY = {
    Why.STARTED: "a worker started with it",
    Why.CHANGED: "taken over while serving",
    Why.KEPT: "still in use, for the one recorded before could not be taken over",
}


def record_words(record: LogRecord) -> str:
    """One line; empty for a record of another kind, and for one that is erased or unreadable."""
    match _told(record):
        case KillRecord() as switch:
            return f"{switch.scope} {switch.id} {'stopped' if switch.active else 'lifted'}"
        case CatalogueRecord() as told:
            versions = f"catalogue {told.catalogue}, policy {told.policy}"
            return f"bank {told.bank}: {versions}: {_WHY[told.why]}"
        case ModelRecord() as told:
            model = f"model {told.model}, ranker {told.ranker}" if told.model else "no model"
            return f"bank {told.bank}: {model}, contract {told.contract}: {_WHY[told.why]}"
        case ImportRecord(digest=None) as told:
            return f"bank {told.bank}: no {told.table} any more"
        case ImportRecord() as told:
            rows = f"{told.rows} rows of {told.table} loaded"
            return f"bank {told.bank}: {rows}, SHA-256 {told.digest}"
        case _:
            return ""


def personal_words(record: LogRecord) -> str:
    """Who stopped or lifted it, and why, as they wrote it; empty for a record of another kind."""
    switch = _told(record)
    return f"by {switch.principal}: {switch.reason}" if isinstance(switch, KillRecord) else ""


def _told(record: LogRecord) -> KillRecord | CatalogueRecord | ModelRecord | ImportRecord | None:
    if record.kind is RecordKind.IMPORT:
        return import_told(record)
    if record.kind is not RecordKind.KILL_SWITCH or record.payload is None:
        return version_told(record)
    try:
        return msgspec.json.decode(record.payload, type=KillRecord)
    except msgspec.DecodeError:
        return None
