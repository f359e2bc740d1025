"""How old a customer's features are, and which of them are too old to be believed."""

from __future__ import annotations

import math
from typing import NamedTuple

from feature_repo.contract import VIEWS
from feature_repo.raw_features import RawFeatures

MOST_DAYS_AHEAD = 1.0
"""A day can end earlier at the bank than here; what is dated later was written by a wrong clock."""


class Freshness(NamedTuple):
    """Features with every expired view blanked, whether a view is past its max age, and why it
    matters.
    """

    features: RawFeatures
    is_stale: bool
    usable_views: frozenset[str]
    reasons: tuple[str, ...]


def assess_freshness(
    features: RawFeatures, *, as_of_days: float, expected_views: tuple[str, ...]
) -> Freshness:
    """Judge each view at `as_of_days`; only views that had data in training count as missing."""
    reasons: list[str] = []
    usable: set[str] = set()
    stale = False
    for view in VIEWS:
        age = as_of_days - features.event_days[view.name].item(0)
        if math.isnan(age):
            if view.name in expected_views:
                reasons.append(f"view_missing:{view.name}")
        elif age < -MOST_DAYS_AHEAD:
            reasons.append(f"view_future_dated:{view.name}")
            features = features.without(view.name)
        elif age > view.hard_age_days:
            reasons.append(f"view_expired:{view.name}")
            features = features.without(view.name)
        else:
            usable.add(view.name)
            if age > view.max_age_days:
                reasons.append(f"view_stale:{view.name}")
                stale = True
    return Freshness(features, stale, frozenset(usable), tuple(reasons))
