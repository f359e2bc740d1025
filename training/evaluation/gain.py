"""What is gained by asking the likeliest customers first, product by product."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from feature_repo.raw_features import Float32s, Float64s
from training.evaluation.month_scores import Scores

SHARES = np.linspace(0.0, 1.0, 101)
"""Shares of a product's candidates at which its gain is told."""


def gain_curves(scores: Scores, labels: Float32s) -> Float64s:
    """Share of additions (V, 101) found among the first x % of each product's candidates.

    Candidates with equal scores count as mixed evenly. NaN for a product nobody added.
    """
    curves = np.full((labels.shape[1], len(SHARES)), np.nan)
    for code in range(labels.shape[1]):
        known = ~np.isnan(labels[:, code])
        added = labels[known, code].astype(np.float64)
        if added.any():
            curves[code] = _gain_curve(np.asarray(scores[known, code], np.float64), added)
    return curves


def mean_gain(curves: Float64s, labels: Float32s) -> Float64s:
    """The products' curves (V, 101) averaged, each weighing as much as it has additions."""
    additions = np.asarray(np.nansum(labels, axis=0, dtype=np.float64))
    told: NDArray[np.bool_] = additions > 0
    if not told.any():
        return np.full(curves.shape[1], np.nan)
    weights = additions[told] / additions[told].sum()
    return np.asarray((weights[:, None] * curves[told]).sum(axis=0), np.float64)


def lift_by_decile(gain: Float64s) -> list[float]:
    """Rate of additions in each tenth of the candidates, the average being 1."""
    return [float(lift) for lift in np.diff(np.asarray(gain[::10])) * 10.0]


def lift_at_top_tenth(curves: Float64s) -> Float64s:
    """Lift (V,) among the tenth of each product's candidates ranked first."""
    return np.asarray(curves[:, 10] * 10.0)


def _gain_curve(scores: Float64s, added: Float64s) -> Float64s:
    order = np.argsort(-scores, kind="stable")
    ranked, found = scores[order], np.cumsum(added[order])
    last_of_equals = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1)
    reached = np.append(0.0, (last_of_equals + 1) / len(ranked))
    share_found = np.append(0.0, found[last_of_equals] / found[-1])
    return np.asarray(np.interp(SHARES, reached, share_found), np.float64)
