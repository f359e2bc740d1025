"""The lines of the original file gathered by month, and turned into holdings and customers.

The file is larger than memory and may be shuffled: every batch is cut by month and put on disk,
then one month at a time is put in order.
"""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import polars as pl

from training.importers.customer_history import CustomerHistory
from training.importers.santander_products import products_of_masks
from training.tables.duplicates import Resolved, resolve
from training.tables.schema import TABLES
from training.tables.validation import LINE

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
        """Put one batch aside: what `santander_rows.read` gives."""
        self._batches += 1
        for (month,), part in rows.partition_by("snapshot_on", as_dict=True).items():
            folder = self._scratch / str(month)
            folder.mkdir(exist_ok=True)
            part.write_parquet(folder / f"{self._batches}.parquet", compression="lz4")

    def take(self, month: date) -> Resolved:
        """The month's rows, one per customer in order of customer, and the contradicting lines."""
        folder = self._scratch / str(month)
        resolved = resolve(pl.read_parquet(folder / "*.parquet"), KEY)
        shutil.rmtree(folder)
        self.repeated += resolved.repeated
        return resolved


def holdings_of(rows: pl.DataFrame) -> pl.DataFrame:
    """The canonical holdings of one month's rows."""
    return rows.select(
        "customer_id",
        "snapshot_on",
        products_of_masks(rows["held"]).alias("held"),
        products_of_masks(rows["unknown"]).alias("unknown"),
    )


def customers_of(rows: pl.DataFrame, history: CustomerHistory) -> pl.DataFrame:
    """The canonical customer rows this month adds: customers of whom something changed."""
    observed = rows.rename({"snapshot_on": "observed_on"}).drop("held", "unknown", LINE)
    return TABLES["customers"].conform(history.advance(observed).lazy()).collect()
