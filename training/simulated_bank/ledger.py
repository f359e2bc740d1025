"""The holdings of one block of customers: what is open, since when, and every period that ended."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from training.simulated_bank.population import Flags
from training.simulated_bank.products import PRODUCTS
from training.simulated_bank.timeline import Step

DayMatrix = NDArray[np.int32]
NOT_OPEN = np.int32(2**31 - 1)
_MONTHS_KEPT = np.array([product.months_kept for product in PRODUCTS], np.float32)


@dataclass
class Ledger:
    """Opening days per customer × product (NOT_OPEN = not held) and the closed periods so far."""

    opened_day: DayMatrix
    closed: list[DayMatrix] = field(default_factory=list)

    @classmethod
    def opening(cls, random: np.random.Generator, held: Flags, joined_day: DayMatrix) -> Ledger:
        """Holdings when first seen: opened some time after joining, or on the day of joining."""
        age_days = random.exponential(1.0, held.shape) * 30 * np.minimum(_MONTHS_KEPT, 120)
        opened = np.maximum(-1 - age_days.astype(np.int32), joined_day[:, None])
        opened = np.where(joined_day[:, None] >= 0, joined_day[:, None], opened)
        return cls(np.where(held, opened, NOT_OPEN).astype(np.int32))

    @property
    def held(self) -> Flags:
        """What is open now, openings later in the same step included."""
        return np.asarray(self.opened_day != NOT_OPEN)

    def open(self, opened_day: DayMatrix) -> None:
        """Add the openings of a step (NOT_OPEN = none)."""
        self.opened_day = np.minimum(self.opened_day, opened_day)

    def close_some(self, random: np.random.Generator, held_before: Flags, step: Step) -> None:
        """End some of the products held before the step, on a day of the step."""
        chance = held_before * np.minimum(step.share_of_month / _MONTHS_KEPT, 0.9)
        ends = random.random(chance.shape, np.float32) < chance
        day = random.integers(step.first_day, step.end_day, chance.shape, dtype=np.int32)
        rows, products = np.nonzero(ends)
        opened = self.opened_day[rows, products]
        self.closed.append(np.stack([rows, products, opened, day[rows, products]], axis=1))
        self.opened_day[rows, products] = NOT_OPEN

    def periods(self) -> DayMatrix:
        """Rows of customer row, product, opened day, closed day (NOT_OPEN = still open), sorted."""
        rows, products = np.nonzero(self.held)
        still = np.full(len(rows), NOT_OPEN, np.int32)
        current = np.stack([rows, products, self.opened_day[rows, products], still], axis=1)
        periods = np.concatenate([*self.closed, current])
        return periods[np.lexsort((periods[:, 2], periods[:, 1], periods[:, 0]))]
