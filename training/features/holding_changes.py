"""What has been seen of each product's holding so far, advanced snapshot by snapshot."""

from __future__ import annotations

import numpy as np

from feature_repo.raw_features import Float32s

_LONG_AGO = -1_000_000


class HoldingChanges:
    """Additions and drops (N, V) between consecutive known states; a gap in between is bridged.

    A product's first known state is neither an addition nor a drop.
    """

    def __init__(self, customers: int, products: int) -> None:
        shape = (customers, products)
        self.last_state: Float32s = np.full(shape, np.nan, dtype=np.float32)
        self.added_day: Float32s = self.last_state.copy()
        self.dropped_day: Float32s = self.last_state.copy()
        self.ever_held: Float32s = self.last_state.copy()
        self.known_month = np.full(shape, _LONG_AGO, dtype=np.int32)
        self._additions: Float32s = np.zeros(shape, dtype=np.float32)

    def advance(self, states: Float32s, *, day: int, month: int) -> None:
        """Take in the next snapshot's states (N, V), NaN = unknown."""
        added = (self.last_state == 0) & (states == 1)
        dropped = (self.last_state == 1) & (states == 0)
        known = ~np.isnan(states)
        self.added_day[added] = day
        self.dropped_day[dropped] = day
        self._additions += added
        self.ever_held = np.fmax(self.ever_held, states)
        self.last_state[known] = states[known]
        self.known_month[known] = month

    @property
    def added_count(self) -> Float32s:
        """Additions seen, NaN where the product's state was never known."""
        return np.where(np.isnan(self.last_state), np.float32(np.nan), self._additions)

    def states_within(self, months: int, month: int) -> Float32s:
        """The last known states that are at most so many months old, else NaN."""
        recent = month - self.known_month <= months
        return np.where(recent, self.last_state, np.float32(np.nan))
