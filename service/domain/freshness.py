"""How old a customer's features are, and which of them are too old to be believed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from feature_repo.contract import VIEWS, View, features_of
from feature_repo.raw_features import RawFeatures

F = TypeVar("F", np.float32, np.float64)


@dataclass(frozen=True)
class Freshness:
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
        age = as_of_days - float(features.event_days[view.name][0])
        if np.isnan(age):
            if view.name in expected_views:
                reasons.append(f"view_missing:{view.name}")
        elif age > view.hard_age_days:
            reasons.append(f"view_expired:{view.name}")
            features = _blank(features, view)
        else:
            usable.add(view.name)
            if age > view.max_age_days:
                reasons.append(f"view_stale:{view.name}")
                stale = True
    return Freshness(features, stale, frozenset(usable), tuple(reasons))


def _blank(features: RawFeatures, view: View) -> RawFeatures:
    names = {feature.name for feature in features_of(view.name)}
    return replace(
        features,
        numbers=_unknown_where(features.numbers, names),
        lists=_unknown_where(features.lists, names),
        categories={
            name: np.full_like(values, None) if name in names else values
            for name, values in features.categories.items()
        },
        event_days=_unknown_where(features.event_days, {view.name}),
    )


def _unknown_where(columns: dict[str, NDArray[F]], names: set[str]) -> dict[str, NDArray[F]]:
    return {
        name: np.full_like(values, np.nan) if name in names else values
        for name, values in columns.items()
    }
