"""The identity of the bank whose tables have been staged: vocabulary, calendar, fingerprint."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, timezone
from itertools import pairwise

import polars as pl

from model_registry.home import BankIdentity
from training.importers.staged import Staged
from training.importers.staging import Staging
from training.progress import Progress
from training.tables.errors import ImportRefused
from training.tables.schema import TABLES
from training.tables.store import TableStore


def identify(staged: Staged, staging: Staging, progress: Progress) -> BankIdentity:
    """The identity of the staged bank; `ImportRefused` where a month has two snapshot dates."""
    store = staging.store
    products = store.scan("products").collect()
    vocabulary = products["product_id"].to_list()
    snapshots = _snapshot_dates(store)
    labels = staged.label_months
    if labels is None:
        labels = tuple(m for m in label_months(snapshots) if m != staged.incomplete_month)
    return BankIdentity(
        bank=staged.bank,
        source=staged.source,
        currency=staged.currency,
        product_vocabulary=vocabulary,
        product_groups=dict(zip(vocabulary, products["group"].to_list(), strict=True)),
        snapshot_dates=snapshots,
        label_months=list(labels),
        data_until=data_until(store),
        imported_at=datetime.now(timezone.utc),
        fingerprint=fingerprint(store, progress),
        row_counts={name: _height(store, name) for name in store.names()},
        quarantined=staging.quarantine.counts,
    )


def label_months(snapshots: Sequence[date]) -> list[date]:
    """The snapshots whose predecessor lies in the calendar month before."""
    return [
        later
        for earlier, later in pairwise(sorted(snapshots))
        if (later.year * 12 + later.month) - (earlier.year * 12 + earlier.month) == 1
    ]


def data_until(store: TableStore) -> date:
    """The day of the last fact in any table."""
    last: list[date | None] = [
        store.scan(name).select(pl.col(column).cast(pl.Date).max()).collect().item()
        for name in store.names()
        for column in TABLES[name].fact_dates
    ]
    return max(day for day in last if day is not None)


def fingerprint(store: TableStore, progress: Progress) -> str:
    """SHA-256 over every table's name and digest: whoever has equal tables has an equal one."""
    lines = [f"{name} {store.digest(name, progress)}\n" for name in store.names()]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _height(store: TableStore, name: str) -> int:
    return int(store.scan(name).select(pl.len()).collect().item())


def _snapshot_dates(store: TableStore) -> list[date]:
    dates = store.scan("holdings").select(pl.col("snapshot_on").unique().sort()).collect()
    snapshots: list[date] = dates["snapshot_on"].to_list()
    for earlier, later in pairwise(snapshots):
        if (earlier.year, earlier.month) == (later.year, later.month):
            raise ImportRefused(
                f"holdings has two snapshot dates in one month ({earlier} and {later}): "
                "give every customer of a month the same date"
            )
    return snapshots
