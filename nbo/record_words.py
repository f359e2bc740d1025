"""What a catalogue, model or import record says, in words: none of them holds personal data."""

from __future__ import annotations

from nbo.import_record import ImportRecord, import_told
from service.ports.event_log import LogRecord, RecordKind
from service.use_cases.version_records import CatalogueRecord, ModelRecord, Why, version_told

_WHY = {
    Why.STARTED: "a worker started with it",
    Why.CHANGED: "taken over while serving",
    Why.KEPT: "still in use, for the one recorded before could not be taken over",
}


def record_words(record: LogRecord) -> str:
    """One line; empty for a record of another kind, and for one that is erased or unreadable."""
    told = import_told(record) if record.kind is RecordKind.IMPORT else version_told(record)
    match told:
        case CatalogueRecord():
            versions = f"catalogue {told.catalogue}, policy {told.policy}"
            return f"bank {told.bank}: {versions}: {_WHY[told.why]}"
        case ModelRecord():
            model = f"model {told.model}, ranker {told.ranker}" if told.model else "no model"
            return f"bank {told.bank}: {model}, contract {told.contract}: {_WHY[told.why]}"
        case ImportRecord(digest=None):
            return f"bank {told.bank}: no {told.table} any more"
        case ImportRecord():
            rows = f"{told.rows} rows of {told.table} loaded"
            return f"bank {told.bank}: {rows}, SHA-256 {told.digest}"
        case _:
            return ""
