"""Columns that say what one product is to one customer.

Days since a fact pass on until the decision; months since a holding changed end with the newest
snapshot, after which no change could have been seen.
"""

from __future__ import annotations

import numpy as np

from feature_repo.columns.elapsed import day_written, days_since, months_since
from feature_repo.raw_features import Float32s, Float64s, RawFeatures

_COPIED = (
    "held_lag1",
    "held_lag2",
    "held_lag3",
    "added_count",
    "ever_held",
    "viewed_count",
    "shown_count",
    "affinity",
    "popularity",
    "transition",
)
_DAYS = {
    "viewed_day": "days_since_viewed",
    "enquired_day": "days_since_enquired",
    "shown_day": "days_since_shown",
    "accepted_day": "days_since_accepted",
    "rejected_day": "days_since_rejected",
}
_MONTHS = {"added_day": "months_since_added", "dropped_day": "months_since_dropped"}
_STORED = (*_COPIED, *_DAYS, *_MONTHS)
_COPIED_END = len(_COPIED)
_DAYS_END = _COPIED_END + len(_DAYS)

NAMES = (*_COPIED, *_DAYS.values(), *_MONTHS.values())
"""The product columns, in order."""


def columns(raw: RawFeatures, today: Float64s) -> Float32s:
    """The product columns (n, V, Kp) of every customer and product; unknown is NaN."""
    stored = raw.block(*_STORED)
    block = stored.reshape(len(stored), len(NAMES), -1)
    snapshot = day_written(raw, "product_holdings")
    days, months = block[:, _COPIED_END:_DAYS_END], block[:, _DAYS_END:]
    days[...] = days_since(today[:, :, None], days)
    months[...] = months_since(snapshot[:, :, None], months)
    return np.ascontiguousarray(block.transpose(0, 2, 1))
