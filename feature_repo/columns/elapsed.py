"""Time passed between a stored day and the instant a decision is for."""

from __future__ import annotations

import numpy as np

from feature_repo.raw_features import Float32s, Float64s, RawFeatures

DAYS_PER_YEAR = 365.25
DAYS_PER_MONTH = 30.4375
SNAPSHOT_GRACE_DAYS = 3.0
"""Makes every month between two snapshots one month, February (28 days) included."""


def whole_day(as_of_days: Float64s) -> Float64s:
    """The day the instant lies in (n, 1), days since 1970-01-01."""
    return np.floor(as_of_days)[:, None]


def day_written(raw: RawFeatures, view: str) -> Float64s:
    """The day the view's values were true (n, 1); NaN where the view has nothing."""
    return np.floor(raw.event_days[view])[:, None]


def days_since(today: Float64s, days: Float32s) -> Float64s:
    """Whole days from each stored day (n, k) until today (n, 1); unknown stays NaN."""
    return np.subtract(today, days)


def months_since(today: Float64s, days: Float32s) -> Float64s:
    """Whole months since each stored day; a day one calendar month back is always 1."""
    return units_since(today + SNAPSHOT_GRACE_DAYS, days, DAYS_PER_MONTH)


def units_since(until: Float64s, days: Float32s, unit: float | Float64s) -> Float64s:
    """Completed units, of so many days, from each stored day until then."""
    units = np.subtract(until, days)
    units /= unit
    return np.floor(units, out=units)
