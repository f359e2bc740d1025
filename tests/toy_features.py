"""Raw features with known or random values for any number of customers."""

from __future__ import annotations

import numpy as np

from feature_repo.contract import FEATURES, VIEWS, Kind, list_length
from feature_repo.raw_features import RawFeatures


def unknown_features(count: int, products: int) -> RawFeatures:
    """Customers of whom nothing is known."""
    numbers, categories, lists = {}, {}, {}
    for feature in FEATURES:
        if feature.kind is Kind.NUMBER:
            numbers[feature.name] = np.full(count, np.nan, dtype=np.float32)
        elif feature.kind is Kind.CATEGORY:
            categories[feature.name] = np.full(count, None, dtype=object)
        else:
            width = list_length(feature.kind, products)
            lists[feature.name] = np.full((count, width), np.nan, dtype=np.float32)
    days = {view.name: np.full(count, np.nan) for view in VIEWS}
    return RawFeatures(numbers, categories, lists, days)


def random_features(count: int, products: int, *, day: float, seed: int = 0) -> RawFeatures:
    """Customers with a value everywhere but one in ten; every day lies before `day`."""
    rng = np.random.default_rng(seed)
    raw = unknown_features(count, products)
    for columns in (raw.numbers, raw.lists):
        for name, values in columns.items():
            drawn = np.floor(rng.random(values.shape) * 900.0 + day - 1000.0)
            values[...] = np.where(rng.random(values.shape) < 0.1, np.nan, drawn)
            if values.ndim == 1 and name.endswith("_week"):
                values[...] = day // 7 - rng.integers(0, 3, count)
    for days in raw.event_days.values():
        days[...] = day + 86_399 / 86_400
    for name, texts in raw.categories.items():
        raw.categories[name][:] = rng.choice(["a", "b", "c"], texts.shape)
    return raw
