"""What the log says of a table of consents or contacts that was brought online."""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec.structs import replace

from service.ports.event_log import LogRecord


class ImportRecord(msgspec.Struct, frozen=True):
    """The payload of a record of kind import.

    `digest` is the SHA-256 of the table's values as the home keeps it; None = the bank no longer
    has this table.
    """

    bank: str
    table: str
    digest: str | None
    rows: int
    imported_at: datetime
    at: datetime

    def names_the_same(self, other: ImportRecord) -> bool:
        """Whether both speak of the same content of the same bank's table."""
        return replace(self, imported_at=other.imported_at, at=other.at) == other


def import_told(record: LogRecord) -> ImportRecord | None:
    """What an import record says; None when it is erased or of a form nobody here knows."""
    if record.payload is None:
        return None
    try:
        return msgspec.json.decode(record.payload, type=ImportRecord)
    except msgspec.DecodeError:
        return None
