"""Affinity, popularity and transition as features: at each snapshot fitted on its past only."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from feature_repo.raw_features import Float32s
from model_registry.home import BankIdentity
from training.affinity import (
    AffinityConfig,
    AffinityModel,
    HoldingPatterns,
    fit_affinity,
    fit_affinity_to,
    one_blas_thread,
)
from training.baselines import TransitionCounts, fit_popularity, last_product_added
from training.features.calendar import Calendar, day_number, month_number
from training.features.holding_changes import HoldingChanges
from training.features.holding_states import HoldingStates
from training.features.view_writer import ViewRows

WINDOW_MONTHS = 6
STATE_MAX_AGE_MONTHS = 3


def rows(
    parts: Sequence[pl.LazyFrame],
    bank: BankIdentity,
    calendar: Calendar,
    config: AffinityConfig,
) -> Iterator[ViewRows]:
    """Rows at every snapshot date for the customers with a snapshot that day.

    `parts` are the holdings by bucket of customers: all are counted first, then each is scored.
    """
    counts = _Counts()
    for part in parts:
        for moment in _moments(part, bank, calendar):
            counts.add(moment, is_written=moment.position in calendar.written)
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool, one_blas_thread():
        fits = pool.map(lambda at: counts.fit(at, calendar, config), calendar.written)
        fitted = dict(zip(calendar.written, fits, strict=True))
    for part in parts:
        for moment in _moments(part, bank, calendar):
            if moment.position in fitted and moment.present.any():
                values = fitted[moment.position].values(moment)
                instant = int(calendar.microseconds[moment.position])
                yield ViewRows(moment.customers, instant, values)


def affinity_model(
    holdings: pl.LazyFrame, bank: BankIdentity, snapshot: date, config: AffinityConfig
) -> AffinityModel:
    """The model whose scores are the `affinity` feature of that snapshot."""
    newest = month_number(snapshot)
    dates = [
        day
        for day in Calendar.of_snapshots(bank).dates
        if day <= snapshot and newest - month_number(day) <= STATE_MAX_AGE_MONTHS
    ]
    cube = HoldingStates.of(holdings, dates, bank.product_vocabulary)
    states = cube.states[:, -1]
    for position in range(len(dates) - 2, -1, -1):
        states = np.where(np.isnan(states), cube.states[:, position], states)
    return fit_affinity(states[_known(states)], config)


@dataclass(frozen=True)
class _Moment:
    """A bucket of customers at one snapshot; arrays are (n, V) or (n,).

    `states` are the last known ones, `present` who has a snapshot then, `labelled` who has one
    before it too in a label month, and `added_day` what they had added until before it.
    """

    position: int
    all_customers: Sequence[str]
    present: NDArray[np.bool_]
    states: Float32s
    added_day: Float32s
    labels: tuple[NDArray[np.bool_], NDArray[np.intp]] | None

    @property
    def customers(self) -> list[str]:
        """Those with a snapshot."""
        return [self.all_customers[row] for row in np.flatnonzero(self.present).tolist()]


def _moments(holdings: pl.LazyFrame, bank: BankIdentity, calendar: Calendar) -> Iterator[_Moment]:
    cube = HoldingStates.of(holdings, calendar.dates, bank.product_vocabulary)
    changes = HoldingChanges(len(cube.customers), len(bank.product_vocabulary))
    for position, snapshot in enumerate(calendar.dates):
        labels = None
        if position and snapshot in bank.label_months:
            labels = _labels(cube, position, changes.added_day)
        month = month_number(snapshot)
        changes.advance(cube.states[:, position], day=day_number(snapshot), month=month)
        yield _Moment(
            position=position,
            all_customers=cube.customers,
            present=cube.seen[:, position],
            states=changes.states_within(STATE_MAX_AGE_MONTHS, month),
            added_day=changes.added_day,
            labels=labels,
        )


def _labels(
    cube: HoldingStates, position: int, added_day: Float32s
) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    """What customers with a snapshot before and at a label month added, and what last before."""
    both = cube.seen[:, position - 1] & cube.seen[:, position]
    before, now = cube.states[both, position - 1], cube.states[both, position]
    return (before == 0) & (now == 1), last_product_added(added_day[both])


def _known(states: Float32s) -> NDArray[np.bool_]:
    """Of which customers any state (N, V) is known."""
    return np.asarray(~np.isnan(states).all(axis=1))


@dataclass(frozen=True)
class _Fitted:
    """What was fitted for one snapshot; None where nothing could be."""

    affinity: AffinityModel | None
    popularity: Float32s | None
    transition: Float32s | None

    def values(self, moment: _Moment) -> dict[str, Float32s]:
        """The features of the customers with a snapshot."""
        states = moment.states[moment.present]
        affinity = np.full_like(states, np.nan)
        known = _known(states)
        if self.affinity is not None and known.any():
            affinity[known] = self.affinity.scores(states[known])
        if self.popularity is None or self.transition is None:
            unknown = np.full_like(states, np.nan)
            return {"affinity": affinity, "popularity": unknown, "transition": unknown}
        last = last_product_added(moment.added_day[moment.present])
        return {
            "affinity": affinity,
            "popularity": np.broadcast_to(self.popularity, states.shape),
            "transition": self.transition[last],
        }


@dataclass
class _Counts:
    """What the fits need to know of all customers: sums over buckets, by position of snapshot."""

    patterns: dict[int, HoldingPatterns] = field(default_factory=dict)
    transitions: dict[int, TransitionCounts] = field(default_factory=dict)

    def add(self, moment: _Moment, *, is_written: bool) -> None:
        """Take in a bucket's moment."""
        at = moment.position
        if is_written:
            held = HoldingPatterns.of(moment.states[_known(moment.states)])
            self.patterns[at] = self.patterns[at] + held if at in self.patterns else held
        if moment.labels is not None:
            counted = TransitionCounts.of(*moment.labels)
            before = self.transitions.get(at)
            self.transitions[at] = counted if before is None else before + counted

    def fit(self, position: int, calendar: Calendar, config: AffinityConfig) -> _Fitted:
        """The models of one snapshot, from label months of the window that ends with it."""
        patterns = self.patterns.get(position)
        affinity = fit_affinity_to(patterns, config) if patterns and len(patterns.bits) else None
        month = month_number(calendar.dates[position])
        window = [
            counts
            for at, counts in sorted(self.transitions.items())
            if at <= position and month - WINDOW_MONTHS < month_number(calendar.dates[at])
        ]
        if not window:
            return _Fitted(affinity, None, None)
        together = window[0]
        for counts in window[1:]:
            together = together + counts
        popularity = fit_popularity(
            [counts.added.sum(axis=0) for counts in window],
            [counts.seen.sum() for counts in window],
        )
        return _Fitted(affinity, popularity, together.probabilities())
