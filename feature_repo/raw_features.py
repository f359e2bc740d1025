"""Feature values as columns, before any became a model column: what both halves exchange."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float32s = NDArray[np.float32]
Float64s = NDArray[np.float64]


@dataclass(frozen=True)
class RawFeatures:
    """Values of *n* customers under the contract's names; NaN or None is unknown, never zero.

    `event_days` is, per view, the day (since 1970-01-01, fractional) its values were true; NaN =
    the view has nothing.
    """

    numbers: dict[str, Float32s]
    categories: dict[str, NDArray[np.object_]]
    lists: dict[str, Float32s]
    event_days: dict[str, Float64s]

    @property
    def count(self) -> int:
        """How many customers the columns hold."""
        return len(next(iter(self.event_days.values())))
