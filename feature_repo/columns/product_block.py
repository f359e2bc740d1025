"""Columns that say what one product is to one customer."""

from __future__ import annotations

import numpy as np

from feature_repo.columns.elapsed import days_since, months_since
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
    stored = np.concatenate([raw.lists[name] for name in _STORED], axis=1)
    block = stored.reshape(len(stored), len(NAMES), -1)
    flat_today = today[:, :, None]
    days, months = block[:, _COPIED_END:_DAYS_END], block[:, _DAYS_END:]
    days[...] = days_since(flat_today, days)
    months[...] = months_since(flat_today, months)
    return np.ascontiguousarray(block.transpose(0, 2, 1))
