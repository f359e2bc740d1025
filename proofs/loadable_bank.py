"""A bank of any size whose features are random: enough to load it, and only that."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import polars as pl

from feature_repo.contract import VIEWS, Kind, features_of, list_length
from feature_repo.raw_features import Float32s
from feature_repo.views import source_path
from model_registry.home import BankIdentity, Home
from training.features import built
from training.features.calendar import end_of_day
from training.features.view_writer import ViewRows, ViewWriter
from training.tables.store import TableStore

PRODUCTS = tuple(f"product_{number:02d}" for number in range(24))
SNAPSHOTS = tuple(date(2025, month, 28) for month in range(1, 13))
BUCKET = 20_000
UNKNOWN = 0.1


def loadable_bank(root: Path, customers: int, months: int) -> Home:
    """A home with tables of customers and consents, and every view built for every customer.

    The history of every view has so many months (at most 12).
    """
    home = Home(root)
    ids = [f"C{number:07d}" for number in range(customers)]
    home.write_bank(_identity())
    tables = TableStore(home)
    tables.write("customers", pl.DataFrame({"customer_id": ids, "observed_on": SNAPSHOTS[0]}))
    tables.write("consents", _consents(ids))
    for view in VIEWS:
        path = source_path(home.features, view.name)
        with ViewWriter(path, view.name, len(PRODUCTS)) as writer:
            for rows in _history(ids, view.name, SNAPSHOTS[-months:]):
                writer.write(rows)
    built.record(home)
    return home


def _history(ids: list[str], view: str, snapshots: tuple[date, ...]) -> Iterator[ViewRows]:
    rng = np.random.default_rng(len(view))
    for start in range(0, len(ids), BUCKET):
        bucket = ids[start : start + BUCKET]
        for snapshot in snapshots:
            values = {f.name: _values(rng, f.kind, len(bucket)) for f in features_of(view)}
            microseconds = int(end_of_day(snapshot).timestamp()) * 1_000_000
            yield ViewRows(bucket, microseconds, values)


def _values(rng: np.random.Generator, kind: Kind, count: int) -> Float32s | pl.Series:
    if kind is Kind.CATEGORY:
        levels = pl.Series(["north", "south", "east", "west", None], dtype=pl.String)
        return levels.gather(rng.integers(0, len(levels), count))
    shape = (count,) if kind is Kind.NUMBER else (count, list_length(kind, len(PRODUCTS)))
    values = rng.standard_normal(shape, dtype=np.float32)
    values[rng.random(shape, dtype=np.float32) < UNKNOWN] = np.nan
    return values


def _consents(ids: list[str]) -> pl.DataFrame:
    recorded = datetime(2025, 1, 1, tzinfo=timezone.utc)
    purposes = pl.DataFrame({"purpose": ["display", "outbound", "personalisation"]})
    given = pl.lit("given").alias("status")
    frame = pl.DataFrame({"customer_id": ids}).join(purposes, how="cross")
    return frame.with_columns(pl.lit("*").alias("channel"), given, recorded_at=pl.lit(recorded))


def _identity() -> BankIdentity:
    return BankIdentity(
        bank="loadable",
        source="tables",
        currency="EUR",
        product_vocabulary=list(PRODUCTS),
        product_groups=dict.fromkeys(PRODUCTS, "all"),
        snapshot_dates=list(SNAPSHOTS),
        label_months=list(SNAPSHOTS[1:]),
        data_until=SNAPSHOTS[-1],
        imported_at=datetime.combine(SNAPSHOTS[-1], datetime.min.time(), timezone.utc)
        + timedelta(days=1),
        fingerprint="0" * 64,
        row_counts={},
        quarantined={},
    )
