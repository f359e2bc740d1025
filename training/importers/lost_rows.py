"""A table that loses most of its rows is a file read wrongly, not a file with a few bad rows."""

from __future__ import annotations

from pathlib import Path

from training.tables.errors import ImportRefused
from training.tables.quarantine import Quarantine


def refuse_when_mostly_lost(
    quarantine: Quarantine, table: str, *, file: Path, rows_read: int
) -> None:
    """`ImportRefused` when more than half of the file's rows lie in quarantine.

    It names reason and line, never what the rows hold: that may be personal.
    """
    lost = quarantine.counts.get(table, 0)
    if 2 * lost <= rows_read:
        return
    place = "row" if file.suffix == ".parquet" else "line"
    raise ImportRefused(
        f"{file}: {lost} of {rows_read} rows of {table} cannot be used, most often because of"
        f" {quarantine.most_common_reason(table)} (first in {place}"
        f" {quarantine.first_line(table)}), put aside in quarantine/refused/{table}.csv: mend them"
        " and import again"
    )
