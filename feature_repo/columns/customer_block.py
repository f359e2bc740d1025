"""Columns that say who the customer is and what she did lately.

Age, tenure and the days since a fact pass on until the decision. Sums over weeks and months since a
holding changed stand as they did when their row was written: what the weeks or snapshots after it
hold is not known, and training, which always sees fresh rows, never met a customer in between.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from feature_repo.columns.elapsed import day_written, days_since, months_since, years_since
from feature_repo.columns.weekly_windows import WINDOWS_WEEKS, window_sums
from feature_repo.contract import CHANNELS, TRANSACTION_CATEGORIES, WEEKS
from feature_repo.raw_features import Float32s, Float64s, RawFeatures

_NUMBERS = (
    "income_monthly",
    "is_active",
    "is_employee",
    "risk_capacity",
    "snapshots_seen",
    "large_inflow_amount",
)
_COUNTS = {"events_by_channel": "events", "offers_by_channel": "offers"}
_DAYS = ("category_first_day", "category_last_day", "event_day_by_channel")
_SERIES_LISTS = (
    "inflow_by_week",
    "outflow_by_week",
    "transactions_by_week",
    "amount_by_category_week",
    "events_by_week",
    "offers_by_week",
)
_SERIES = (
    "inflow",
    "outflow",
    "transactions",
    *(f"amount_{category}" for category in TRANSACTION_CATEGORIES),
    "events",
    "offers",
)


def names(vocabulary: tuple[str, ...], categories: tuple[str, ...]) -> tuple[str, ...]:
    """The customer columns, in the order `columns` fills them."""
    return (
        *_NUMBERS,
        "age_years",
        "tenure_months",
        "days_since_large_inflow",
        *categories,
        "held_count",
        *(f"held_{product}" for product in vocabulary),
        *(f"{noun}_by_{channel}" for noun in _COUNTS.values() for channel in CHANNELS),
        *(f"months_since_added_{product}" for product in vocabulary),
        *(f"months_since_dropped_{product}" for product in vocabulary),
        "months_since_any_added",
        "months_since_any_dropped",
        *(f"days_since_first_{category}" for category in TRANSACTION_CATEGORIES),
        *(f"days_since_last_{category}" for category in TRANSACTION_CATEGORIES),
        *(f"days_since_event_{channel}" for channel in CHANNELS),
        *(f"{name}_{weeks}w" for name in _SERIES for weeks in WINDOWS_WEEKS),
    )


def columns(
    raw: RawFeatures, today: Float64s, category_codes: Mapping[str, Mapping[str, float]]
) -> Float32s:
    """The customer columns (n, Kc); unknown, and a category level outside the codes, is NaN."""
    blocks = (
        *_profile(raw, today),
        _category_codes(raw, category_codes),
        *_holdings(raw),
        days_since(today, np.concatenate([raw.lists[name] for name in _DAYS], axis=1)),
        _windows(raw),
    )
    return np.concatenate(blocks, axis=1, dtype=np.float32, casting="same_kind")


def _profile(raw: RawFeatures, today: Float64s) -> tuple[Float32s | Float64s, ...]:
    numbers = raw.numbers
    stacked = np.concatenate([numbers[name] for name in _NUMBERS]).reshape(len(_NUMBERS), -1)
    return (
        stacked.T,
        years_since(today, numbers["birth_day"][:, None]),
        months_since(today, numbers["joined_day"][:, None]),
        days_since(today, numbers["large_inflow_day"][:, None]),
    )


def _category_codes(raw: RawFeatures, codes: Mapping[str, Mapping[str, float]]) -> Float32s:
    columns_of_codes = [
        [levels.get(value, np.nan) for value in raw.categories[name]]
        for name, levels in codes.items()
    ]
    return np.array(columns_of_codes, dtype=np.float32).reshape(len(codes), -1).T


def _holdings(raw: RawFeatures) -> tuple[Float32s | Float64s, ...]:
    held = raw.lists["held"]
    products = held.shape[1]
    changed = np.concatenate([raw.lists["added_day"], raw.lists["dropped_day"]], axis=1)
    months = months_since(day_written(raw, "product_holdings"), changed)
    newest = np.fmin.reduce(months.reshape(len(held), 2, products), axis=2)
    # 0 * max: a customer of whom no product's state is known holds an unknown number.
    count = np.add.reduce(np.fmax(held, 0.0), axis=1) + 0.0 * np.fmax.reduce(held, axis=1)
    counts = [raw.lists[name] for name in _COUNTS]
    return (count[:, None], held, *counts, months, newest)


def _windows(raw: RawFeatures) -> Float32s:
    series = np.concatenate([raw.lists[name] for name in _SERIES_LISTS], axis=1)
    return window_sums(series.reshape(len(series), len(_SERIES), WEEKS))
