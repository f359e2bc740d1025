"""Which consents and contacts were loaded is on record: a rebuild reads those and no others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone

import msgspec

from model_registry.home import Home
from nbo.errors import UsageRefused
from nbo.import_record import ImportRecord, import_told
from nbo.local_log import anchors_folder, log_folder
from service.adapters.event_log import EventBook, FileEventLog
from service.errors import RecordDamaged
from service.ports.event_log import RecordKind, kind_key
from training.progress import Progress
from training.tables.store import TableStore

RECORDED = ("consents", "unreadable_consents", "contacts")
"""The tables an online state is made of that nobody can make again from the log."""


def record_imports(home: Home, progress: Progress) -> None:
    """Put on record what a load is about to bring online; what the newest records name already is
    not recorded again. On disk when it returns. Raises `LogUnavailable`.
    """
    known = newest_imports()
    due = [one for one in _present(home, progress) if not _is_known(one, known)]
    if not due:
        return
    log = FileEventLog(log_folder(), anchors_folder())
    log.open_now()
    try:
        for one in due:
            log.append(RecordKind.IMPORT, msgspec.json.encode(one), key=kind_key(RecordKind.IMPORT))
        log.settle_now()
    finally:
        log.close_now()


def refuse_altered_tables(home: Home, progress: Progress) -> None:
    """Raises `UsageRefused` unless the home's tables are those the newest import records name."""
    known = newest_imports()
    for one in _present(home, progress):
        if _is_known(one, known):
            continue
        newest = known.get(one.table)
        if newest is None:
            raise UsageRefused(
                f"the event log does not say which {one.table} were loaded: run `nbo features"
                " materialize`, then rebuild"
            )
        raise UsageRefused(
            f"table {one.table} is not the one that was loaded ({_told(newest)} on record,"
            f" {_told(one)} here): restore it, or run `nbo features materialize` to load this one,"
            " then rebuild"
        )


def newest_imports() -> dict[str, ImportRecord]:
    """By table what the log says of it last. Nothing that stands before an erased or unreadable
    record counts: that one may have said otherwise. Raises `RecordDamaged`.
    """
    known: dict[str, ImportRecord] = {}
    key = kind_key(RecordKind.IMPORT)
    for record in EventBook(log_folder()).find_all(key, kind=RecordKind.IMPORT):
        if record.problem:
            raise RecordDamaged(record.writer, record.seq, record.problem)
        told = import_told(record)
        if told is None:
            known.clear()
        else:
            known[told.table] = told
    return known


def _present(home: Home, progress: Progress) -> Iterator[ImportRecord]:
    bank, tables = home.bank(), TableStore(home)
    for table in RECORDED:
        yield ImportRecord(
            bank=bank.bank,
            table=table,
            digest=tables.digest(table, progress) if tables.has(table) else None,
            rows=tables.rows(table),
            imported_at=bank.imported_at,
            at=datetime.now(timezone.utc),
        )


def _is_known(one: ImportRecord, known: dict[str, ImportRecord]) -> bool:
    """A table the bank never had needs no record."""
    if (newest := known.get(one.table)) is None:
        return one.digest is None
    return newest.names_the_same(one)


def _told(one: ImportRecord) -> str:
    if one.digest is None:
        return "none"
    return f"{one.rows} rows, SHA-256 {one.digest[:16]}…"
