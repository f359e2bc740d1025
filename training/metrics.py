"""How good a ranking and its probabilities are; every definition is stated once, here.

Scores and labels are (n, V): customers × products. A label is 1 added, 0 not added, NaN where the
product is no candidate (held before, or unknown); scores of such pairs are never looked at.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Ranked = NDArray[np.float64]


@dataclass(frozen=True)
class RankedMonth:
    """Labels in order of score: `hits` (a, V) of the customers who added something, best first."""

    hits: Ranked
    additions: Ranked
    order: NDArray[np.intp]
    ordering: Ranked

    @classmethod
    def of(cls, scores: Floats, labels: Floats) -> RankedMonth:
        """Rank every customer's candidates; equal scores keep vocabulary order."""
        adders = np.nansum(labels, axis=1) > 0
        candidates = ~np.isnan(labels[adders])
        ordering = np.where(candidates, -np.asarray(scores[adders], np.float64), np.inf)
        order = np.argsort(ordering, axis=1, kind="stable")
        hits = np.take_along_axis(np.nan_to_num(labels[adders], nan=0.0), order, axis=1)
        return cls(hits.astype(np.float64), hits.sum(axis=1, dtype=np.float64), order, ordering)


def mean_average_precision(ranked: RankedMonth, depth: int = 7) -> float:
    """MAP@depth over customers who added something."""
    return _mean(average_precisions(ranked, depth))


def average_precisions(ranked: RankedMonth, depth: int = 7) -> Ranked:
    """Average precision (a,) among each customer's first `depth`; over min(added, depth)."""
    top = ranked.hits[:, :depth]
    precision = np.cumsum(top, axis=1) / np.arange(1, top.shape[1] + 1)
    return np.asarray((precision * top).sum(axis=1) / np.minimum(ranked.additions, depth))


def normalised_gain(ranked: RankedMonth, depth: int = 5) -> float:
    """NDCG@depth over customers who added something."""
    return _mean(normalised_gains(ranked, depth))


def normalised_gains(ranked: RankedMonth, depth: int = 5) -> Ranked:
    """NDCG (a,) of each customer's first `depth`, with gain 1 per addition."""
    top = ranked.hits[:, :depth]
    discount = 1.0 / np.log2(np.arange(2, top.shape[1] + 2))
    ideal = np.cumsum(discount)[np.minimum(ranked.additions, top.shape[1]).astype(np.intp) - 1]
    return np.asarray((top * discount).sum(axis=1) / ideal)


def hit_rate(ranked: RankedMonth, depth: int = 1) -> float:
    """Share of customers who added something, one of whose first `depth` products was added."""
    return _mean(hits_within(ranked, depth))


def hits_within(ranked: RankedMonth, depth: int = 1) -> Ranked:
    """1 (a,) where one of the customer's first `depth` products was added, else 0."""
    return np.asarray(ranked.hits[:, :depth].max(axis=1, initial=0.0))


def coverage(ranked: RankedMonth, depth: int = 7) -> float:
    """Share of the products among the first `depth` of some customer who added something."""
    candidates = np.minimum(np.isfinite(ranked.ordering).sum(axis=1), depth)
    shown = np.arange(ranked.order.shape[1]) < candidates[:, None]
    return float(len(np.unique(ranked.order[shown])) / ranked.order.shape[1])


def area_under_curve(scores: Floats, labels: Floats) -> float:
    """AUC of one product's scores and labels (m,); ties count half; NaN without both classes."""
    positives = float(labels.sum())
    negatives = len(labels) - positives
    if not positives or not negatives:
        return float("nan")
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2.0
    won = float(ranks[inverse][labels == 1].sum()) - positives * (positives + 1) / 2.0
    return float(won / (positives * negatives))


def areas_by_product(scores: Floats, labels: Floats) -> Ranked:
    """AUC per product (V,), each over its own candidates; NaN where it cannot be told."""
    known = ~np.isnan(labels)
    columns = range(labels.shape[1])
    areas = [area_under_curve(scores[known[:, j], j], labels[known[:, j], j]) for j in columns]
    return np.array(areas, dtype=np.float64)


def weighted_area(areas: Ranked, responses: Floats) -> float:
    """Mean AUC of the products weighted by their additions; never pooled over products."""
    known = ~np.isnan(areas)
    total = float(responses[known].sum())
    return float((areas[known] * responses[known]).sum() / total) if total else float("nan")


def reliability(
    probabilities: Floats, outcomes: Floats, bins: int = 15
) -> tuple[Ranked, Ranked, Ranked]:
    """Mean probability, observed rate and weight of equal-mass bins over all pairs (m,)."""
    order = np.argsort(probabilities, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    expected = np.array([probabilities[part].mean(dtype=np.float64) for part in parts])
    observed = np.array([outcomes[part].mean(dtype=np.float64) for part in parts])
    return expected, observed, np.array([len(part) for part in parts]) / max(len(order), 1)


def expected_calibration_error(probabilities: Floats, outcomes: Floats, bins: int = 15) -> float:
    """Mean |observed − expected| over equal-mass bins, weighted by their size."""
    expected, observed, weight = reliability(probabilities, outcomes, bins)
    return float((np.abs(observed - expected) * weight).sum()) if len(weight) else float("nan")


def _mean(values: Ranked) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
