"""Training sets: what was known of each customer at an instant, joined by Feast."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
import pyarrow as pa

from feature_repo.contained_feast import quiet_feast
from feature_repo.contract import FEATURES, VIEWS, Kind, features_of, list_length
from feature_repo.errors import FeatureError
from feature_repo.raw_features import Float32s, Float64s, RawFeatures
from feature_repo.views import SERVICE
from model_registry.home import BankIdentity, Home
from training.features.calendar import Calendar, day_number
from training.features.registration import apply
from training.progress import Progress, silent

# isort: split
from feast import FeatureStore

CHUNK_ROWS = 50_000
"""Spine rows per join: each meets all its earlier rows before the newest is chosen."""


def training_frame(
    home: Home,
    spine: pl.DataFrame,
    *,
    progress: Progress = silent,
    chunk_rows: int = CHUNK_ROWS,
) -> RawFeatures:
    """Features of the spine's customers (`customer_id`, `as_of` date) at the end of each `as_of`.

    Rows come sorted by `as_of`, then `customer_id`; a pair may stand in the spine only once.
    """
    bank, store = home.bank(), apply(home)
    ordered = spine.select("customer_id", "as_of").sort("as_of", "customer_id")
    if ordered.is_duplicated().any():
        raise ValueError("the spine names a customer twice for one date: keep each pair once")
    parts = []
    for start in range(0, max(len(ordered), 1), chunk_rows):
        progress("training set", start, len(ordered))
        parts.append(_joined(store, ordered[start : start + chunk_rows], bank))
    progress("training set", len(ordered), len(ordered))
    return concatenate(parts)


def concatenate(parts: list[RawFeatures]) -> RawFeatures:
    """The customers of all parts, one after another."""
    first = parts[0]
    return RawFeatures(
        {name: np.concatenate([p.numbers[name] for p in parts]) for name in first.numbers},
        {name: np.concatenate([p.categories[name] for p in parts]) for name in first.categories},
        {name: np.concatenate([p.lists[name] for p in parts]) for name in first.lists},
        {name: np.concatenate([p.event_days[name] for p in parts]) for name in first.event_days},
    )


def _joined(store: FeatureStore, spine: pl.DataFrame, bank: BankIdentity) -> RawFeatures:
    end_of_day = pl.col("as_of").cast(pl.Datetime("us", "UTC")) + pl.duration(
        hours=23, minutes=59, seconds=59
    )
    entities = spine.select("customer_id", event_timestamp=end_of_day)
    with quiet_feast():
        joined = store.get_historical_features(
            entity_df=entities.to_pandas(), features=store.get_feature_service(SERVICE)
        ).to_arrow()
    # Two identical calls differ in the order of their rows.
    table = joined.sort_by([("event_timestamp", "ascending"), ("customer_id", "ascending")])
    if len(table) != len(spine):
        raise FeatureError(f"Feast returned {len(table)} rows for {len(spine)}: rebuild features")
    as_of = spine["as_of"].to_physical().to_numpy()
    return _raw(table, as_of, bank)


def _raw(table: pa.Table, as_of: Float64s, bank: BankIdentity) -> RawFeatures:
    count = len(bank.product_vocabulary)
    numbers, categories, lists = {}, {}, {}
    for feature in FEATURES:
        column = table.column(feature.name).combine_chunks()
        if feature.kind is Kind.NUMBER:
            numbers[feature.name] = column.cast(pa.float32()).to_numpy(zero_copy_only=False)
        elif feature.kind is Kind.CATEGORY:
            categories[feature.name] = column.to_numpy(zero_copy_only=False)
        else:
            lists[feature.name] = _matrix(column, list_length(feature.kind, count))
    event_days = dict(_event_days(table, as_of, bank))
    return RawFeatures(numbers, categories, lists, event_days)


def _matrix(column: pa.Array, length: int) -> Float32s:
    """Rows (n, length) of a list column; a row the view has nothing for is NaN."""
    matrix = np.full((len(column), length), np.nan, dtype=np.float32)
    present = column.is_valid().to_numpy(zero_copy_only=False)
    values = column.drop_null().flatten().to_numpy(zero_copy_only=False)
    matrix[present] = values.reshape(-1, length)
    return matrix


def _event_days(
    table: pa.Table, as_of: Float64s, bank: BankIdentity
) -> Iterator[tuple[str, Float64s]]:
    """Per view the instant of the row that was joined, which Feast itself does not return.

    Views of snapshots say it themselves; the others have a row at every date from the first on.
    """
    end = 86_399 / 86_400
    snapshot = table.column("snapshot_day").to_numpy().astype(np.float64) + end
    dates = np.array([day_number(day) for day in Calendar.of_facts(bank).dates])
    newest = np.searchsorted(dates, as_of, side="right") - 1
    built = np.where(newest >= 0, dates[newest] + end, np.nan)
    for view in VIEWS:
        if view.source_table == "holdings":
            yield view.name, snapshot
            continue
        first = table.column(features_of(view.name)[0].name)
        present = first.is_valid().to_numpy()
        yield view.name, np.where(present, built, np.nan)
