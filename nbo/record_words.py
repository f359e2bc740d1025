"""What an import record says, in words: it holds no personal data."""

from __future__ import annotations

from nbo.import_record import ImportRecord, import_told
from service.ports.event_log import LogRecord, RecordKind


def record_words(record: LogRecord) -> str:
    """One line; empty for a record of another kind, and for one that is erased or unreadable."""
    match import_told(record) if record.kind is RecordKind.IMPORT else None:
        case ImportRecord(digest=None) as told:
            return f"bank {told.bank}: no {told.table} any more"
        case ImportRecord() as told:
            rows = f"{told.rows} rows of {told.table} loaded"
            return f"bank {told.bank}: {rows}, SHA-256 {told.digest}"
        case _:
            return ""
