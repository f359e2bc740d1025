"""Isotonic curves per product on out-of-fold predictions; thin products borrow from their group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression

from feature_repo.raw_features import Float64s
from model_registry.calibration import LOGIT_LIMIT, Calibrators, log_odds, logistic
from training.config import CalibrationConfig

_MIN_SLOPE = 0.02
"""Smallest rise of calibrated log-odds per raw one: a plateau must not tie two customers."""


@dataclass(frozen=True)
class OutOfFold:
    """Predictions (m,) by models that never saw the row's customer, with outcomes and products.

    A row weighs 1, a negative that stands for others left out in sampling as many as it stands for.
    """

    probabilities: Float64s
    outcomes: NDArray[np.floating]
    product_codes: NDArray[np.intp]
    weights: Float64s

    def where(self, chosen: NDArray[np.bool_]) -> OutOfFold:
        """The chosen rows."""
        return OutOfFold(
            self.probabilities[chosen],
            self.outcomes[chosen],
            self.product_codes[chosen],
            self.weights[chosen],
        )


@dataclass(frozen=True)
class Curve:
    """Raw and calibrated log-odds at the knots, both strictly ascending."""

    raw: Float64s
    calibrated: Float64s

    def apply(self, probabilities: Float64s) -> Float64s:
        """Calibrated probabilities; beyond the outer knots the correction stays as it is there."""
        odds = log_odds(probabilities)
        inside = np.interp(odds, self.raw, self.calibrated)
        return logistic(inside + odds - np.clip(odds, self.raw[0], self.raw[-1]))

    def shifted(self, by: float) -> Curve:
        """The same shape at another level."""
        return Curve(self.raw, self.calibrated + by)


IDENTITY = Curve(np.zeros(1), np.zeros(1))


def fit_calibrators(
    rows: OutOfFold,
    vocabulary: Sequence[str],
    groups: Mapping[str, str],
    config: CalibrationConfig,
) -> Calibrators:
    """One curve per product: its own with enough positives, else its group's, else everybody's."""
    everybody = borrow(rows, IDENTITY, config)
    names = [groups.get(product, "") for product in vocabulary]
    group_of_row = np.array(names, dtype=object)[rows.product_codes]
    by_group = {
        group: borrow(rows.where(group_of_row == group), everybody, config)
        for group in sorted(set(names))
    }
    curves = [
        borrow(rows.where(rows.product_codes == code), by_group[group], config)
        for code, group in enumerate(names)
    ]
    return Calibrators.from_curves([(curve.raw, curve.calibrated) for curve in curves])


def borrow(rows: OutOfFold, wider: Curve, config: CalibrationConfig) -> Curve:
    """The rows' own curve, or the wider one moved to their level when they have few positives.

    Few positives: the level is the posterior mean under a Beta prior worth `prior_positives`.
    """
    positives = float(rows.outcomes.sum())
    if positives >= config.min_positives:
        return isotonic_curve(rows, config.block_positives)
    expected = float(wider.apply(rows.probabilities) @ rows.weights)
    prior = config.prior_positives
    return wider.shifted(float(np.log((positives + prior) / (expected + prior))))


def isotonic_curve(rows: OutOfFold, block_positives: int) -> Curve:
    """Isotonic regression over blocks of equally many positives, joined centre to centre."""
    order = np.argsort(rows.probabilities, kind="stable")
    outcomes, weight = rows.outcomes[order], rows.weights[order]
    probabilities = rows.probabilities[order]
    blocks = _blocks(probabilities, outcomes, block_positives)
    weights = np.bincount(blocks, weight)
    raw = np.bincount(blocks, probabilities * weight) / weights
    rates = np.bincount(blocks, outcomes * weight) / weights
    fitted = IsotonicRegression(y_min=1e-9, y_max=1 - 1e-9).fit_transform(
        np.arange(len(raw)), rates, sample_weight=weights
    )
    _, steps = np.unique(fitted, return_inverse=True)
    mass = np.bincount(steps, weights)
    centres = np.bincount(steps, raw * weights) / mass
    levels = np.bincount(steps, rates * weights) / mass
    return _increasing(log_odds(centres), log_odds(levels))


def _blocks(
    probabilities: Float64s, outcomes: NDArray[np.floating], block_positives: int
) -> NDArray[np.intp]:
    """Block number per sorted row; equal probabilities share one, the remainder joins the last."""
    seen = np.concatenate([[0.0], np.cumsum(outcomes)[:-1]])
    first_of_equals = np.searchsorted(probabilities, probabilities, side="left")
    last = max(int(outcomes.sum()) // block_positives - 1, 0)
    wanted = np.minimum(seen[first_of_equals] // block_positives, last)
    blocks: NDArray[np.intp] = np.unique(wanted, return_inverse=True)[1]
    return blocks


def _increasing(raw: Float64s, calibrated: Float64s) -> Curve:
    raw = np.clip(raw, -LOGIT_LIMIT, LOGIT_LIMIT)
    distinct = np.concatenate([[True], np.diff(raw) > 1e-9])
    raw, calibrated = raw[distinct], calibrated[distinct]
    tilted = np.maximum.accumulate(calibrated - _MIN_SLOPE * raw) + _MIN_SLOPE * raw
    return Curve(raw, tilted)
