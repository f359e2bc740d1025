"""Which feature of the contract a model column is made of: what a reason may be told from."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from feature_repo.column_layout import PRODUCT_CODE
from feature_repo.contract import FEATURES, Feature, Kind
from feature_repo.raw_features import Float32s

_FEATURES = {feature.name: feature for feature in FEATURES}
_DERIVED = {
    "age_years": "birth_day",
    "tenure_months": "joined_day",
    "held_count": "held",
    "months_since_any_added": "added_day",
    "months_since_any_dropped": "dropped_day",
    "months_since_added": "added_day",
    "months_since_dropped": "dropped_day",
    "days_since_large_inflow": "large_inflow_day",
    "days_since_viewed": "viewed_day",
    "days_since_enquired": "enquired_day",
    "days_since_shown": "shown_day",
    "days_since_accepted": "accepted_day",
    "days_since_rejected": "rejected_day",
}
_PREFIXES = {
    "months_since_added_": "added_day",
    "months_since_dropped_": "dropped_day",
    "held_": "held",
    "events_by_": "events_by_channel",
    "days_since_event_": "event_day_by_channel",
    "events_": "events_by_week",
    "offers_by_": "offers_by_channel",
    "offers_": "offers_by_week",
    "inflow_": "inflow_by_week",
    "outflow_": "outflow_by_week",
    "transactions_": "transactions_by_week",
    "amount_": "amount_by_category_week",
    "days_since_first_": "category_first_day",
    "days_since_last_": "category_last_day",
}


@lru_cache(maxsize=4096)
def feature_of_column(name: str) -> Feature | None:
    """The feature; None for the product itself. `KeyError` for a column made of none."""
    if name == PRODUCT_CODE:
        return None
    source = name if name in _FEATURES else _DERIVED.get(name)
    if source is None:
        source = next((it for prefix, it in _PREFIXES.items() if name.startswith(prefix)), None)
    if source is None:
        raise KeyError(f"column {name} is made of no feature: add it to column_features")
    return _FEATURES[source]


def says_something(name: str, values: Float32s) -> NDArray[np.bool_]:
    """True where the column holds a fact that can be told: a time since something, a category, or
    a number that is not zero; never where it is NaN.
    """
    something: NDArray[np.bool_] = ~np.isnan(values)
    feature = feature_of_column(name)
    is_category = feature is not None and feature.kind is Kind.CATEGORY
    if not (is_category or "_since_" in name):
        something &= values != 0
    return something
