"""First day, last day and number of facts per customer and kind, as they grow over time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from feature_repo.raw_features import Float32s
from training.features.fact_timeline import Codes


class DayTally:
    """Counts and days (customers, kinds); facts of an unknown kind (−1) are not counted."""

    def __init__(self, customers: int, kinds: int) -> None:
        self._shape = (customers, kinds)
        self._first = np.full(customers * kinds, np.inf, dtype=np.float32)
        self._last = np.full(customers * kinds, -np.inf, dtype=np.float32)
        self._count = np.zeros(customers * kinds, dtype=np.int64)

    def add(self, codes: Codes, kinds: Codes, days: NDArray[np.int64]) -> None:
        """Take in facts: whose, of which kind, on which day; any order."""
        known = kinds >= 0
        cells = codes[known] * self._shape[1] + kinds[known]
        dated = days[known].astype(np.float32)
        np.minimum.at(self._first, cells, dated)
        np.maximum.at(self._last, cells, dated)
        self._count += np.bincount(cells, minlength=len(self._count))

    @property
    def first(self) -> Float32s:
        """First day per customer and kind, NaN = never."""
        return self._days(self._first)

    @property
    def last(self) -> Float32s:
        """Last day per customer and kind, NaN = never."""
        return self._days(self._last)

    @property
    def count(self) -> Float32s:
        """Facts so far per customer and kind."""
        return self._count.astype(np.float32).reshape(self._shape)

    def _days(self, days: Float32s) -> Float32s:
        return np.where(np.isfinite(days), days, np.float32(np.nan)).reshape(self._shape)
