"""The original `train_ver2.csv` (48 columns, 13.6 M lines), read in batches of lines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timezone
from pathlib import Path

import polars as pl

from training.importers.csv_lines import RAW, CsvLines, LineBatch, quote
from training.importers.customer_history import CustomerHistory
from training.importers.lost_rows import refuse_when_mostly_lost
from training.importers.santander_months import SantanderMonths, customers_of, holdings_of
from training.importers.santander_products import products_table
from training.importers.santander_rows import COLUMNS, PLAUSIBLE_AGES, USED, read
from training.importers.staged import Staged
from training.importers.staging import Staging
from training.progress import Progress
from training.tables.errors import ImportRefused, TableInvalid
from training.tables.quarantine import Quarantine
from training.tables.validation import LINE, REASON

_TABLE = "holdings"
"""Where quarantined lines are filed: a line of this file is a snapshot of a customer's holdings."""


@dataclass(frozen=True)
class SantanderCsvImporter:
    """Reads the original file; memory is bounded by one batch of lines and one month of rows."""

    batch_lines: int = 200_000

    def recognises(self, path: Path) -> bool:
        """Whether this is a CSV file, plain or compressed."""
        return path.name.lower().endswith((".csv", ".csv.gz", ".csv.zip", ".zip"))

    def stage(self, path: Path, staging: Staging, progress: Progress) -> Staged:
        """Write products, holdings and customers; `TableInvalid` names every missing column."""
        months = SantanderMonths(staging.scratch("months"))
        rows_read, ages = self._gather(path, months, staging.quarantine, progress)
        if not months.months:
            _refuse(path, staging.quarantine)
        conflicts = _write_tables(months, staging, progress)
        self._quarantine_conflicts(path, conflicts, staging.quarantine)
        refuse_when_mostly_lost(staging.quarantine, _TABLE, file=path, rows_read=rows_read)
        low, high = PLAUSIBLE_AGES
        return Staged(
            bank="santander",
            source="santander",
            currency="EUR",
            rows_read=rows_read,
            repeated={_TABLE: months.repeated},
            set_to_unknown={f"customers.birth_date (age outside {low}..{high})": ages},
        )

    def _gather(
        self, path: Path, months: SantanderMonths, quarantine: Quarantine, progress: Progress
    ) -> tuple[int, int]:
        """Put all usable lines aside by month; lines read, and ages out of range."""
        rows_read = ages = 0
        size = path.stat().st_size
        with CsvLines(path) as file:
            _check_header(path, file.header)
            for batch in file.batches(self.batch_lines):
                usable = _usable(file, batch, quarantine)
                ages += int(usable["age_out_of_range"].sum())
                months.add(usable.drop("age_out_of_range"))
                rows_read += batch.lines.height + batch.malformed.height
                progress(f"reading {path.name} (bytes)", file.bytes_read, size)
        return rows_read, ages

    def _quarantine_conflicts(
        self, path: Path, conflicts: pl.DataFrame, quarantine: Quarantine
    ) -> None:
        """Read the file once more for the text of these lines (`LINE`, `REASON`)."""
        if conflicts.is_empty():
            return
        with CsvLines(path) as file:
            for lines in file.lines(self.batch_lines):
                found = lines.join(conflicts, on=LINE)
                quarantine.add(
                    _TABLE, found.select(line=LINE, reason=REASON, row=quote(pl.col(RAW)))
                )


def _check_header(path: Path, header: list[str]) -> None:
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise TableInvalid(
            f"{path}: missing column(s) {', '.join(missing)}: "
            "expected the 48 columns of the original train_ver2.csv, named in its first line"
        )


def _usable(file: CsvLines, batch: LineBatch, quarantine: Quarantine) -> pl.DataFrame:
    quarantine.add(_TABLE, batch.malformed)
    today = datetime.now(timezone.utc).date()
    rows = read(file.fields(batch, USED), today=today)
    unusable = rows.filter(pl.col(REASON) != "").select(LINE, REASON)
    if not unusable.is_empty():
        found = batch.lines.join(unusable, on=LINE)
        quarantine.add(_TABLE, found.select(line=LINE, reason=REASON, row=quote(pl.col(RAW))))
    return rows.filter(pl.col(REASON) == "").drop(REASON)


def _write_tables(months: SantanderMonths, staging: Staging, progress: Progress) -> pl.DataFrame:
    """Write the three tables; gives the lines that contradict others (`LINE`, `REASON`)."""
    store, history = staging.store, CustomerHistory()
    store.write("products", products_table())
    ordered: list[date] = months.months
    conflicts = []
    with store.appending("holdings") as holdings, store.appending("customers") as customers:
        for done, month in enumerate(ordered, start=1):
            resolved = months.take(month)
            conflicts.append(resolved.conflicting)
            holdings.append(holdings_of(resolved.kept))
            customers.append(customers_of(resolved.kept, history))
            progress("writing months", done, len(ordered))
    return pl.concat(conflicts)


def _refuse(path: Path, quarantine: Quarantine) -> None:
    reason = quarantine.most_common_reason(_TABLE)
    found = f"no line can be used, most often because of {reason}" if reason else "has no lines"
    raise ImportRefused(f"{path}: {found}")
