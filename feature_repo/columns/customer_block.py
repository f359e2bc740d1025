"""Columns that say who the customer is and what she did lately.

Age, tenure and the days since a fact pass on until the decision. Sums over weeks and months since a
holding changed stand as they did when their row was written: what the weeks or snapshots after it
hold is not known, and training, which always sees fresh rows, never met a customer in between.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from feature_repo.columns.elapsed import (
    DAYS_PER_MONTH,
    DAYS_PER_YEAR,
    SNAPSHOT_GRACE_DAYS,
    day_written,
    days_since,
    months_since,
)
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
_PASSING = ("birth_day", "joined_day", "large_inflow_day")
"""Days from which time goes on until the decision: to years, to months, and as days."""
_PASSING_GRACE = np.array([0.0, SNAPSHOT_GRACE_DAYS, 0.0])
_PASSING_UNIT = np.array([DAYS_PER_YEAR, DAYS_PER_MONTH, 1.0])
_WHOLE_UNITS = 2
_CHANGES = ("added_day", "dropped_day")
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
_FIXED_WIDTH = (
    1  # held_count
    + len(_COUNTS) * len(CHANNELS)
    + len(_CHANGES)  # the newest of each
    + 2 * len(TRANSACTION_CATEGORIES)
    + len(CHANNELS)
    + len(_SERIES) * len(WINDOWS_WEEKS)
)
"""Columns whose number no vocabulary changes, beside profile and categories."""


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
    """The customer columns (n, Kc); unknown, and a category level outside the codes, is NaN.

    Filled from left to right into one matrix: for one customer, joining as many small blocks would
    cost more than computing them.
    """
    products = raw.lists["held"].shape[1]
    fixed = len(_NUMBERS) + len(_PASSING) + len(category_codes) + _FIXED_WIDTH
    out = np.empty((raw.count, fixed + 3 * products), dtype=np.float32)
    end = _fill_profile(raw, today, out)
    end = _fill_category_codes(raw, category_codes, out, end)
    end = _fill_holdings(raw, out, end)
    days = days_since(today, raw.block(*_DAYS))
    out[:, end : end + days.shape[1]] = days
    series = raw.block(*_SERIES_LISTS)
    out[:, end + days.shape[1] :] = window_sums(series.reshape(len(series), len(_SERIES), WEEKS))
    return out


def _fill_profile(raw: RawFeatures, today: Float64s, out: Float32s) -> int:
    """Numbers as they stand; completed years of age, whole months of tenure, days since."""
    numbers = raw.block(*_NUMBERS, *_PASSING)
    copied = len(_NUMBERS)
    out[:, :copied] = numbers[:, :copied]
    elapsed = np.subtract(today, numbers[:, copied:])
    elapsed += _PASSING_GRACE
    elapsed /= _PASSING_UNIT
    whole = elapsed[:, :_WHOLE_UNITS]
    np.floor(whole, out=whole)
    end = copied + len(_PASSING)
    out[:, copied:end] = elapsed
    return end


def _fill_category_codes(
    raw: RawFeatures, codes: Mapping[str, Mapping[str, float]], out: Float32s, start: int
) -> int:
    for place, (name, levels) in enumerate(codes.items(), start):
        out[:, place] = [levels.get(value, np.nan) for value in raw.categories[name]]
    return start + len(codes)


def _fill_holdings(raw: RawFeatures, out: Float32s, start: int) -> int:
    held, counts = raw.lists["held"], raw.block(*_COUNTS)
    products: int = held.shape[1]
    months = months_since(day_written(raw, "product_holdings"), raw.block(*_CHANGES))
    # 0 * max: a customer of whom no product's state is known holds an unknown number.
    out[:, start] = np.add.reduce(np.fmax(held, 0.0), axis=1) + 0.0 * np.fmax.reduce(held, axis=1)
    end = start + 1 + products
    out[:, start + 1 : end] = held
    out[:, end : end + counts.shape[1]] = counts
    end += int(counts.shape[1])
    out[:, end : end + 2 * products] = months
    end += 2 * products
    np.fmin.reduce(months.reshape(len(held), 2, products), axis=2, out=months[:, :2])
    out[:, end : end + 2] = months[:, :2]
    return end + 2
