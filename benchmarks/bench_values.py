"""Feature values of customers nobody simulated: of the right shape, range and sparsity."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from feature_repo.contract import FEATURES, VIEWS, Feature, Kind, list_length
from feature_repo.raw_features import Float32s, RawFeatures

LEVELS = {
    "gender": ("f", "m"),
    "nationality": ("ES", "FR", "CN"),
    "region": ("north", "south", "east", "west"),
    "segment": ("student", "mass", "affluent", "private"),
    "acquisition_channel": ("branch", "web", "partner"),
    "investor_class": ("retail", "professional", "institutional"),
    "preferred_channel": ("mobile_app", "call_center", "branch"),
    "time_zone": ("Europe/Madrid", "Asia/Shanghai"),
}
_LAST_SECOND = 86_399.0 / 86_400.0

_Shape = tuple[int, ...]
_Draw = Callable[[np.random.Generator, _Shape], NDArray[np.floating]]

_DRAWS: dict[str, _Draw] = {
    "income_monthly": lambda rng, shape: np.round(rng.lognormal(7.8, 0.6, shape), 2),
    "is_active": lambda rng, shape: _marks(rng, shape, 0.8),
    "is_employee": lambda rng, shape: _marks(rng, shape, 0.02),
    "is_vulnerable": lambda rng, shape: _marks(rng, shape, 0.03),
    "risk_capacity": lambda rng, shape: rng.integers(1, 6, shape).astype(np.float64),
    "snapshots_seen": lambda rng, shape: rng.integers(1, 25, shape).astype(np.float64),
    "held": lambda rng, shape: _marks(rng, shape, 0.12),
    "held_lag1": lambda rng, shape: _marks(rng, shape, 0.12),
    "held_lag2": lambda rng, shape: _marks(rng, shape, 0.11),
    "held_lag3": lambda rng, shape: _marks(rng, shape, 0.11),
    "ever_held": lambda rng, shape: _marks(rng, shape, 0.2),
    "affinity": lambda rng, shape: rng.normal(0.2, 0.2, shape),
    "popularity": lambda rng, shape: rng.uniform(0.0, 0.05, shape),
    "transition": lambda rng, shape: rng.uniform(0.0, 0.1, shape),
    "large_inflow_amount": lambda rng, shape: _mostly_unknown(rng, rng.gamma(2.0, 5e3, shape)),
}


def drawn_features(count: int, products: int, *, day: int, seed: tuple[int, ...]) -> RawFeatures:
    """Random features of so many customers as they stand at the end of `day`; equal seed, equal
    values.
    """
    rng = np.random.default_rng(seed)
    numbers: dict[str, Float32s] = {}
    lists: dict[str, Float32s] = {}
    categories: dict[str, NDArray[np.object_]] = {}
    for feature in FEATURES:
        if feature.kind is Kind.CATEGORY:
            categories[feature.name] = rng.choice(LEVELS[feature.name], count).astype(object)
        elif feature.kind is Kind.NUMBER:
            numbers[feature.name] = _values(feature, (count,), day, rng)
        else:
            shape = (count, list_length(feature.kind, products))
            lists[feature.name] = _values(feature, shape, day, rng)
    days = {view.name: np.full(count, day + _LAST_SECOND) for view in VIEWS}
    return RawFeatures(numbers, categories, lists, days)


def _values(feature: Feature, shape: _Shape, day: int, rng: np.random.Generator) -> Float32s:
    name = feature.name
    values: NDArray[np.floating | np.signedinteger]
    if name in _DRAWS:
        values = _DRAWS[name](rng, shape)
    elif name == "snapshot_day":
        values = np.full(shape, float(day))
    elif name == "birth_day":
        values = day - rng.integers(18 * 365, 85 * 365, shape)
    elif name in ("joined_day", "risk_assessed_day"):
        values = day - rng.integers(0, 20 * 365, shape)
    elif name.endswith("_week") and feature.kind is Kind.NUMBER:
        values = np.full(shape, float(day // 7))
    elif "_day" in name:
        values = _mostly_unknown(rng, day - np.floor(rng.exponential(120.0, shape)))
    elif name.endswith("_week"):
        values = np.round(_marks(rng, shape, 0.5) * rng.gamma(2.0, 150.0, shape), 2)
    else:
        values = rng.poisson(0.5, shape).astype(np.float64)
    return values.astype(np.float32)


def _marks(rng: np.random.Generator, shape: _Shape, share: float) -> NDArray[np.float64]:
    return (rng.random(shape) < share).astype(np.float64)


def _mostly_unknown(rng: np.random.Generator, values: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.where(rng.random(values.shape) < 0.7, np.nan, values)
