"""The lines of the original file gathered by month, and turned into holdings and customers.

The file is larger than memory and may be shuffled: every batch is cut by month and put on disk,
then one month at a time is put in order.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl

from training.importers.csv_lines import RAW, quote
from training.importers.customer_history import CustomerHistory
from training.importers.santander_products import products_of_mask
from training.tables.duplicates import resolve
from training.tables.quarantine import REJECTED
from training.tables.schema import TABLES
from training.tables.validation import LINE, REASON

KEY = ("customer_id",)


class SantanderMonths:
    """Usable lines on disk, one folder a month."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._batches = 0
        self.repeated = 0

    @property
    def months(self) -> list[date]:
        """The months seen, in order."""
        return sorted(date.fromisoformat(folder.name) for folder in self._scratch.iterdir())

    def add(self, rows: pl.DataFrame) -> None:
        """Put one batch aside: what `santander_rows.read` gives, and the raw line."""
        self._batches += 1
        for (month,), part in rows.partition_by("snapshot_on", as_dict=True).items():
            folder = self._scratch / str(month)
            folder.mkdir(exist_ok=True)
            part.write_parquet(folder / f"{self._batches}.parquet", compression="lz4")

    def take(self, month: date) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The month's rows, one per customer in order of customer, and the rejected lines."""
        lines = pl.scan_parquet(self._scratch / str(month) / "*.parquet")
        resolved = resolve(lines.drop(RAW).collect(), KEY)
        self.repeated += resolved.repeated
        conflicts = resolved.conflicting
        if conflicts.is_empty():
            return resolved.kept, pl.DataFrame(schema=REJECTED)
        raw = lines.select(LINE, RAW).join(conflicts.lazy(), on=LINE).collect()
        rejected = raw.select(
            line=pl.col(LINE).cast(pl.UInt64), reason=pl.col(REASON), row=quote(pl.col(RAW))
        )
        return resolved.kept, rejected


def holdings_of(rows: pl.DataFrame) -> pl.DataFrame:
    """The canonical holdings of one month's rows."""
    named = rows.select("customer_id", "snapshot_on", "held", "unknown")
    for name in ("held", "unknown"):
        lists = products_of_mask(named[name])
        named = (
            named.rename({name: "mask"})
            .join(lists, on="mask", how="left", maintain_order="left")
            .rename({"products": name})
            .drop("mask")
        )
    return named.select(list(TABLES["holdings"].dtypes))


def customers_of(rows: pl.DataFrame, history: CustomerHistory) -> pl.DataFrame:
    """The canonical customer rows this month adds: customers of whom something changed."""
    observed = rows.rename({"snapshot_on": "observed_on"}).drop("held", "unknown", LINE)
    return TABLES["customers"].conform(history.advance(observed).lazy()).collect()
