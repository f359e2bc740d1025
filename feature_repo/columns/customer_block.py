"""Columns that say who the customer is and what she did lately.

Age, tenure and the days since a fact pass on until the decision. Sums over weeks and months since a
holding changed stand as they did when their row was written: what the weeks or snapshots after it
hold is not known, and training, which always sees fresh rows, never met a customer in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import accumulate, chain
from typing import NamedTuple

import numpy as np

from feature_repo.columns.elapsed import (
    DAYS_PER_MONTH,
    DAYS_PER_YEAR,
    SNAPSHOT_GRACE_DAYS,
    day_written,
    days_since,
    months_since,
    units_since,
)
from feature_repo.columns.weekly_windows import WINDOWS_WEEKS, window_sums
from feature_repo.contract import (
    CHANNELS,
    FEATURES,
    TRANSACTION_CATEGORIES,
    WEEKS,
    Kind,
    list_length,
)
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
_AGES = ("birth_day", "joined_day")
"""Days from which completed units pass until the decision: years and months."""
_AGE_GRACE = np.array([0.0, SNAPSHOT_GRACE_DAYS])
_AGE_UNIT = np.array([DAYS_PER_YEAR, DAYS_PER_MONTH])
_INFLOW_DAY = "large_inflow_day"
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
_KINDS = {feature.name: feature.kind for feature in FEATURES}


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


class _Columns(NamedTuple):
    """What `RawFeatures.block` is asked for, and where in it each kind of column stands."""

    parts: tuple[str | int, ...]
    ages: slice
    inflow_day: slice
    categories: slice
    held_count: slice
    changes: slice
    newest_changes: slice
    days: slice
    windows: slice


@lru_cache(maxsize=64)
def _columns(categories: int, products: int) -> _Columns:
    """The columns of a bank with so many categories and products, worked out once."""
    kinds: dict[str, tuple[str | int, ...]] = {
        "numbers": _NUMBERS,
        "ages": _AGES,
        "inflow_day": (_INFLOW_DAY,),
        "categories": (categories,),
        "held_count": (1,),
        "stored": ("held", *_COUNTS),
        "changes": _CHANGES,
        "newest_changes": (len(_CHANGES),),
        "days": _DAYS,
        "windows": (len(_SERIES) * len(WINDOWS_WEEKS),),
    }
    widths = [sum(_width(part, products) for part in parts) for parts in kinds.values()]
    ends = zip(kinds, widths, accumulate(widths), strict=True)
    places = {name: slice(end - width, end) for name, width, end in ends}
    parts = tuple(chain.from_iterable(kinds.values()))
    return _Columns(parts, *(places[name] for name in _Columns._fields[1:]))


def _width(part: str | int, products: int) -> int:
    if isinstance(part, int):
        return part
    kind = _KINDS[part]
    return 1 if kind is Kind.NUMBER else list_length(kind, products)


def columns(
    raw: RawFeatures, today: Float64s, category_codes: Mapping[str, Mapping[str, float]]
) -> Float32s:
    """The customer columns (n, Kc); unknown, and a category level outside the codes, is NaN.

    Stored days are gathered where the time since them belongs and counted in place: for one
    customer, joining many small blocks would cost more than computing them.
    """
    at = _columns(len(category_codes), raw.product_count)
    out = raw.block(*at.parts)
    out[:, at.ages] = units_since(today + _AGE_GRACE, out[:, at.ages], _AGE_UNIT)
    out[:, at.inflow_day] = days_since(today, out[:, at.inflow_day])
    out.T[at.categories] = [
        [levels.get(text, np.nan) for text in raw.categories[name].tolist()]
        for name, levels in category_codes.items()
    ]
    out[:, at.held_count] = _count_held(raw.lists["held"])
    months = months_since(day_written(raw, "product_holdings"), out[:, at.changes])
    out[:, at.changes] = months
    months = months.reshape(len(out), len(_CHANGES), -1)
    out[:, at.newest_changes] = np.fmin.reduce(months, axis=2)
    out[:, at.days] = days_since(today, out[:, at.days])
    series = raw.block(*_SERIES_LISTS)
    out[:, at.windows] = window_sums(series.reshape(len(out), len(_SERIES), WEEKS))
    return out


def _count_held(held: Float32s) -> Float32s:
    """Products held (n, 1); unknown of a customer of whom no product's state is known."""
    least = 0.0 * np.fmax.reduce(held, axis=1, keepdims=True)
    return np.add.reduce(np.fmax(held, least), axis=1, keepdims=True)
