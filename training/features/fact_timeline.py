"""Dated facts of one bucket of customers, cut so that each instant sees its past only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from feature_repo.contract import WEEKS
from feature_repo.raw_features import Float32s, Float64s
from training.features.calendar import Calendar
from training.features.view_writer import ViewRows

_MICROSECONDS_PER_DAY = 86_400_000_000
Codes = NDArray[np.intp]


class FactTimeline:
    """Facts in time order; `customers` are ascending ids, `codes` each fact's place in them."""

    def __init__(
        self, facts: pl.DataFrame, instant: str, calendar: Calendar, customers: Sequence[str]
    ) -> None:
        self.facts = facts
        self.calendar = calendar
        self.customers = customers
        self._instants = facts[instant].dt.epoch("us").to_numpy().astype(np.int64)
        self.codes: Codes = codes_of(facts["customer_id"], customers)
        self.days = self._instants // _MICROSECONDS_PER_DAY
        self._ends = np.searchsorted(self._instants, calendar.microseconds, side="right")
        self._first = np.zeros(len(customers), dtype=np.int64)
        self._first[self.codes[::-1]] = np.arange(len(facts))[::-1]

    def fresh(self, position: int) -> slice:
        """The facts known at a calendar date and not yet at the one before."""
        return slice(int(self._ends[position - 1]) if position else 0, int(self._ends[position]))

    def newest_week(self, position: int) -> int:
        """Week index (weeks since 1970-01-01) of a calendar date."""
        return int(self.calendar.microseconds[position] // _MICROSECONDS_PER_DAY // 7)

    def recent(self, position: int) -> slice:
        """The facts of the last 13 weeks as known at a calendar date."""
        oldest = (self.newest_week(position) - WEEKS + 1) * 7 * _MICROSECONDS_PER_DAY
        return slice(int(np.searchsorted(self._instants, oldest)), int(self._ends[position]))

    def rows_at(self, position: int, values: Mapping[str, Float32s], week_feature: str) -> ViewRows:
        """The rows, at a calendar date, of the customers with a fact so far.

        `values` are per customer; the newest bucket's week is added under `week_feature`.
        """
        active = np.flatnonzero(self._first < self._ends[position]).tolist()
        chosen = {name: column[active] for name, column in values.items()}
        chosen[week_feature] = np.full(len(active), self.newest_week(position), dtype=np.float32)
        customers = [self.customers[code] for code in active]
        return ViewRows(customers, int(self.calendar.microseconds[position]), chosen)

    def weekly(
        self,
        position: int,
        weights: Float64s | None = None,
        *,
        series: Codes | None = None,
        kinds: int = 1,
    ) -> Float32s:
        """Sums (or counts) of the recent facts, (customers, kinds * 13), newest week last.

        `weights` and `series` (which of the `kinds` a fact belongs to) are per recent fact.
        """
        recent = self.recent(position)
        week = self.days[recent] // 7 - self.newest_week(position) + WEEKS - 1
        line = self.codes[recent] * kinds if series is None else self.codes[recent] * kinds + series
        size = len(self.customers) * kinds * WEEKS
        sums = np.bincount(line * WEEKS + week, weights=weights, minlength=size)
        return sums.astype(np.float32).reshape(len(self.customers), kinds * WEEKS)


def in_order_of(facts: pl.DataFrame, instant: str, *others: str) -> pl.DataFrame:
    """Sorted by an instant, then the other columns; a table as it is stored mostly is already."""
    now, before = pl.col(instant), pl.col(instant).shift()
    strictly = (now > before) | ((now == before) & (pl.col(others[0]) > pl.col(others[0]).shift()))
    if facts.select(strictly.fill_null(value=True).all()).item():
        return facts
    return facts.sort(instant, *others)


def codes_of(values: pl.Series, levels: Sequence[str], *, unknown: int = -1) -> Codes:
    """Each value's position in the levels; `unknown` where it is none of them or null."""
    known = values.cast(pl.Enum(levels), strict=False).to_physical()
    return known.cast(pl.Int64).fill_null(unknown).to_numpy().astype(np.intp)
