"""What is stored online for one customer, how old it is, and what a model sees of it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime

import numpy as np

from feature_repo.contract import FEATURES, VIEWS, Kind
from feature_repo.raw_features import RawFeatures
from feature_repo.transforms import ColumnLayout, customer_columns, product_columns

_SECONDS_PER_DAY = 86_400.0


def describe(
    raw: RawFeatures, believed: RawFeatures, as_of: datetime, layout: ColumnLayout
) -> dict[str, dict[str, object]]:
    """One customer's (n = 1) view ages, stored values and model columns as JSON values.

    `believed` is `raw` without what is too old to be used: the model sees only that. Unknown is
    null; `product_columns` is keyed by product.
    """
    as_of_days = np.array([as_of.timestamp() / _SECONDS_PER_DAY])
    customer = customer_columns(believed, as_of_days, layout)[0]
    product = product_columns(believed, as_of_days, layout)[0]
    return {
        "views": {
            view.name: {
                "age_days": _number(as_of_days[0] - raw.event_days[view.name][0]),
                "max_age_days": view.max_age_days,
                "hard_age_days": view.hard_age_days,
            }
            for view in VIEWS
        },
        "values": {feature.name: _value(raw, feature.name, feature.kind) for feature in FEATURES},
        "customer_columns": _named(layout.customer_names, customer),
        "product_columns": {
            name: _named(layout.product_names, product[code])
            for code, name in enumerate(layout.vocabulary)
        },
    }


def _value(raw: RawFeatures, name: str, kind: Kind) -> object:
    if kind is Kind.CATEGORY:
        return raw.categories[name][0]
    if kind is Kind.NUMBER:
        return _number(raw.numbers[name][0])
    return [_number(value) for value in raw.lists[name][0]]


def _named(names: Iterable[str], values: Iterable[float]) -> dict[str, object]:
    return {name: _number(value) for name, value in zip(names, values, strict=True)}


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
