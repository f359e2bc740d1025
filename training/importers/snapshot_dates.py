"""One snapshot date a month: which rows of holdings have another one than most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path

import polars as pl

from training.tables.errors import ImportRefused
from training.tables.validation import LINE


@dataclass(frozen=True)
class SnapshotDate:
    """One date: how many rows have it, and the first line that does."""

    day: date
    rows: int
    line: int


@dataclass(frozen=True)
class SplitMonth:
    """A month with several dates, the one most rows have first; of equals the later one."""

    dates: Sequence[SnapshotDate]

    @property
    def reason(self) -> str:
        """Why the rows of all dates but the first are put aside."""
        return f"snapshot_on: another date of the month than {self.dates[0].day}"

    def refusal(self, file: Path) -> ImportRefused:
        """One line that names the date fewest rows have."""
        least, days = self.dates[-1], sorted(each.day for each in self.dates)
        number = "two" if len(days) == 2 else len(days)
        place = "row" if file.suffix == ".parquet" else "line"
        return ImportRefused(
            f"{file} has {number} snapshot dates in one month ({days[0]} and {days[-1]}):"
            f" {least.day} in {least.rows} row(s), first in {place} {least.line}, put aside in"
            " quarantine/refused/holdings.csv: give every customer of a month the same date"
        )


class SnapshotDates:
    """Collects the dates of a table batch by batch."""

    def __init__(self) -> None:
        self._seen: dict[date, SnapshotDate] = {}

    def add(self, rows: pl.DataFrame) -> None:
        """The good rows of a batch, with `LINE`."""
        found = rows.group_by("snapshot_on").agg(pl.len(), pl.col(LINE).min())
        for day, count, line in found.iter_rows():
            before = self._seen.get(day, SnapshotDate(day, 0, line))
            self._seen[day] = SnapshotDate(day, before.rows + count, min(before.line, line))

    def split_months(self) -> list[SplitMonth]:
        """The months with more than one date, in order of time."""
        ordered = sorted(self._seen.values(), key=lambda each: each.day)
        months = groupby(ordered, key=lambda each: (each.day.year, each.day.month))
        alike = [list(dates) for _, dates in months]
        return [SplitMonth(_commonest_first(dates)) for dates in alike if len(dates) > 1]


def _commonest_first(dates: Sequence[SnapshotDate]) -> list[SnapshotDate]:
    return sorted(dates, key=lambda each: (each.rows, each.day), reverse=True)
