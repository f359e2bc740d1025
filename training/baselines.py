"""The baselines every model must beat; as model inputs they are fitted on earlier months only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from feature_repo.raw_features import Float32s, Float64s

TRANSITION_SMOOTHING = 20.0
"""Customer-months of popularity mixed into every transition row."""


def fit_popularity(additions: ArrayLike, customers: ArrayLike) -> Float32s:
    """Additions per customer (V,) from counts per month (M, V) and customers with a label (M,).

    NaN for every product when no month or no customer is given.
    """
    counts = np.atleast_2d(np.asarray(additions, dtype=np.float64))
    total = float(np.sum(np.asarray(customers, dtype=np.float64)))
    if total <= 0:
        return np.full(counts.shape[-1], np.nan, dtype=np.float32)
    return np.asarray(counts.sum(axis=0) / total, dtype=np.float32)


@dataclass(frozen=True)
class TransitionCounts:
    """Customer-months (V+1,) by what was added last before, and what they added (V+1, V)."""

    seen: Float64s
    added: Float64s

    @classmethod
    def of(cls, added: ArrayLike, last_product: ArrayLike) -> TransitionCounts:
        """Count labels (n, V), 1 = added, by the last product (n,), V = none known."""
        labels = (np.asarray(added) == 1).astype(np.float64)
        last = np.asarray(last_product, dtype=np.intp)
        rows = labels.shape[1] + 1
        sums = [np.bincount(last, column, rows) for column in labels.T]
        return cls(np.bincount(last, minlength=rows).astype(np.float64), np.stack(sums, axis=1))

    def __add__(self, other: TransitionCounts) -> TransitionCounts:
        """Both together."""
        return TransitionCounts(self.seen + other.seen, self.added + other.added)

    def probabilities(self, smoothing: float = TRANSITION_SMOOTHING) -> Float32s:
        """What `fit_transition` says; all NaN when nothing was counted."""
        count = self.seen.sum()
        if not count:
            return np.full(self.added.shape, np.nan, dtype=np.float32)
        prior = self.added.sum(axis=0) / count
        smoothed = (self.added + smoothing * prior) / (self.seen[:, None] + smoothing)
        return np.asarray(smoothed, dtype=np.float32)


def fit_transition(
    added: ArrayLike, last_product: ArrayLike, *, smoothing: float = TRANSITION_SMOOTHING
) -> Float32s:
    """P(product j is added next month | last product added), shape (V+1, V); row V = none known.

    `added` (n, V) holds 1 where the customer-month added the product, anything else counts as not;
    `last_product` (n,) is the code added last before that month, V when none is known. Rows are
    smoothed toward popularity; all NaN when no customer-month is given.
    """
    return TransitionCounts.of(added, last_product).probabilities(smoothing)


def last_product_added(added_day: Float32s) -> NDArray[np.intp]:
    """The code of the product added last (n,) from last addition days (n, V), NaN = never seen.

    V when none is known; of several added on one day the first in the vocabulary.
    """
    unknown = np.isnan(added_day)
    newest = np.where(unknown, -np.inf, added_day).argmax(axis=1)
    last: NDArray[np.intp] = np.where(unknown.all(axis=1), added_day.shape[1], newest)
    return last
