"""One canonical table on its way in: rows checked batch by batch, then put in order as a whole."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from training.importers.canonical_files import RawBatch, TableFile, columns_of
from training.importers.lost_rows import refuse_when_mostly_lost
from training.importers.snapshot_dates import SnapshotDates
from training.importers.staging import Staging
from training.importers.unread_consents import UnreadConsents
from training.importers.vocabulary import Vocabulary
from training.tables.duplicates import resolve
from training.tables.errors import ImportRefused
from training.tables.validation import LINE, REASON, check_rows, rejected_rows

WINDOW_ROWS = 2_000_000
"""So many rows are put in order at once; a larger table is written window by window."""


class TableIntake:
    """Collects the good rows of one file on disk; `finish` writes the table."""

    def __init__(
        self, file: TableFile, vocabulary: Vocabulary, staging: Staging, today: date
    ) -> None:
        self._file = file
        self._vocabulary = vocabulary
        self._staging = staging
        self._today = today
        self._parts = staging.scratch(file.table.name)
        self._batches = 0
        self.rows_read = 0
        self._dates = SnapshotDates() if file.table.name == "holdings" else None
        self.unread: UnreadConsents | None = None
        if file.table.name == "consents":
            self.unread = UnreadConsents(columns_of(file.path))

    def add(self, batch: RawBatch) -> int:
        """Check a batch; rows that cannot be used go to quarantine. Gives the rows seen."""
        table, quarantine = self._file.table, self._staging.quarantine
        quarantine.add(table.name, batch.malformed)
        checked = check_rows(table, batch.rows, today=self._today)
        quarantine.add(table.name, checked.rejected)
        if self.unread is not None:
            self.unread.add_lines(batch.malformed)
            unread = pl.col(LINE).is_in(checked.rejected["line"].implode())
            self.unread.add_rows(batch.rows.filter(unread))
        good = checked.good
        if table.name != "products":
            foreign = self._vocabulary.foreign(good)
            quarantine.add(table.name, rejected_rows(batch.rows, foreign))
            good = self._vocabulary.ordered(good.join(foreign, on=LINE, how="anti"))
        if self._dates is not None:
            self._dates.add(good)
        self._batches += 1
        good.write_parquet(self._parts / f"{self._batches:06d}.parquet", compression="lz4")
        seen = batch.rows.height + batch.malformed.height
        self.rows_read += seen
        return seen

    def finish(self) -> int:
        """Write the table, one row per key; gives how many rows were repetitions."""
        table = self._file.table
        if not self._batches:
            rows = table.empty().with_columns(pl.lit(None, pl.UInt64).alias(LINE)).lazy()
        else:
            rows = pl.scan_parquet(self._parts / "*.parquet")
        self._refuse_split_months(rows)
        suspects = self._suspects(rows)
        resolved = resolve(suspects, table.key, preferred=table.preferred)
        self._reject(suspects, resolved.conflicting)
        dropped = suspects.select(LINE).join(resolved.kept.select(LINE), on=LINE, how="anti")
        kept = rows.join(dropped.lazy(), on=LINE, how="anti", maintain_order="left")
        self._write(kept.drop(LINE))
        self._refuse_if_empty()
        refuse_when_mostly_lost(
            self._staging.quarantine, table.name, file=self._file.path, rows_read=self.rows_read
        )
        return resolved.repeated

    def _write(self, kept: pl.LazyFrame) -> None:
        """Put the table in its order: as a whole, or window by window of time if it is large."""
        table, store = self._file.table, self._staging.store
        borders = self._borders(kept)
        if not borders:
            store.write(table.name, kept)
            return
        instant = pl.col(table.order[0])
        with store.appending(table.name) as appender:
            for start, end in pairwise([None, *borders, None]):
                after = pl.lit(value=True) if start is None else instant >= start
                before = pl.lit(value=True) if end is None else instant < end
                appender.append(kept.filter(after & before).collect())

    def _borders(self, kept: pl.LazyFrame) -> list[Any]:
        """Instants that cut a large table into windows that are easily sorted; else none."""
        order, windows = self._file.table.order, -(-self.rows_read // WINDOW_ROWS)
        if windows < 2 or not order or order[0] not in self._file.table.fact_dates:
            return []
        every = max(1, WINDOW_ROWS // 1000)
        sample = kept.select(pl.col(order[0]).gather_every(every)).collect().to_series().sort()
        places = [len(sample) * window // windows for window in range(1, windows)]
        return sample.gather(places).unique().sort().to_list()

    def _suspects(self, rows: pl.LazyFrame) -> pl.DataFrame:
        """The rows whose key comes more than once (by its hash, which is smaller to hold)."""
        key = pl.struct(self._file.table.key).hash()
        hashes = np.sort(rows.select(key.alias("key")).collect()["key"].to_numpy())
        often = np.unique(hashes[1:][hashes[1:] == hashes[:-1]])
        if not len(often):
            return rows.clear().collect()
        return rows.filter(key.is_in(pl.Series(often).implode())).collect()

    def _reject(self, rows: pl.DataFrame, conflicting: pl.DataFrame) -> None:
        if not conflicting.is_empty():
            rejected = rejected_rows(rows, conflicting.select(LINE, REASON))
            self._staging.quarantine.add(self._file.table.name, rejected)

    def _refuse_split_months(self, rows: pl.LazyFrame) -> None:
        """Quarantine the rows whose date is not the one most rows of its month have, then stop."""
        split = self._dates.split_months() if self._dates is not None else []
        for month in split:
            others = [each.day for each in month.dates[1:]]
            found = rows.filter(pl.col("snapshot_on").is_in(others)).collect()
            reasons = found.select(LINE, pl.lit(month.reason).alias(REASON))
            self._staging.quarantine.add(self._file.table.name, rejected_rows(found, reasons))
        if split:
            raise split[0].refusal(self._file.path)

    def _refuse_if_empty(self) -> None:
        """A table of which no row can be used is a wrong file, not a bad row."""
        table = self._file.table
        reason = self._staging.quarantine.most_common_reason(table.name)
        height = self._staging.store.scan(table.name).select(pl.len()).collect().item()
        # Empty holding periods would read as "nobody holds anything", and everything be offered.
        needed = table.mandatory or table.name == "holding_periods"
        if height == 0 and (reason is not None or needed):
            detail = f"most often because of {reason}" if reason else "it has none"
            raise ImportRefused(f"{self._file.path}: no row can be used, {detail}")
