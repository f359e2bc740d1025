"""Rows that could not be used, kept with the line they came from and the reason."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import polars as pl

REJECTED = {"line": pl.UInt64, "reason": pl.String, "row": pl.String}
"""Columns of a frame of rejected rows: line in the input, reason, the raw row as JSON text."""


class Quarantine:
    """The quarantine files of one import, `<table>.csv` each."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._counts: Counter[str] = Counter()
        self._reasons: dict[str, Counter[str]] = {}
        self._first_lines: dict[tuple[str, str], int] = {}

    @property
    def counts(self) -> dict[str, int]:
        """Rows in quarantine per table that has any."""
        return dict(sorted(self._counts.items()))

    def most_common_reason(self, table: str) -> str | None:
        """The reason most rows of the table were put aside for."""
        ranked = sorted(self._reasons.get(table, Counter()).items(), key=lambda r: (-r[1], r[0]))
        return ranked[0][0] if ranked else None

    def first_line(self, table: str) -> int | None:
        """The first line that was put aside for the most common reason."""
        reason = self.most_common_reason(table)
        return None if reason is None else self._first_lines[table, reason]

    def add(self, table: str, rejected: pl.DataFrame) -> None:
        """Append rejected rows (columns as `REJECTED`) to the table's file."""
        if rejected.is_empty():
            return
        self._directory.mkdir(parents=True, exist_ok=True)
        with (self._directory / f"{table}.csv").open("ab") as file:
            rejected.select(list(REJECTED)).sort("line").write_csv(
                file, include_header=table not in self._counts
            )
        self._counts[table] += rejected.height
        found = rejected.group_by("reason").agg(pl.len(), pl.col("line").min())
        counted = self._reasons.setdefault(table, Counter())
        for reason, count, line in found.iter_rows():
            counted[reason] += count
            first = self._first_lines.get((table, reason), line)
            self._first_lines[table, reason] = min(first, line)
