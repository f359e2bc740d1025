"""Affinity, popularity and transition as features: at each snapshot fitted on its past only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from feature_repo.raw_features import Float32s
from model_registry.home import BankIdentity
from training.affinity import AffinityConfig, AffinityModel, fit_affinity
from training.baselines import fit_popularity, fit_transition, last_product_added
from training.features.calendar import Calendar, day_number, month_number
from training.features.holding_changes import HoldingChanges
from training.features.holding_states import HoldingStates
from training.features.view_writer import ViewRows

WINDOW_MONTHS = 6
STATE_MAX_AGE_MONTHS = 3


@dataclass(frozen=True)
class _LabelMonth:
    """Customers with a snapshot before and at a label month: what they added, what last before."""

    month: int
    added: NDArray[np.bool_]
    last_product: NDArray[np.intp]


def rows(
    holdings: pl.LazyFrame,
    bank: BankIdentity,
    calendar: Calendar,
    config: AffinityConfig,
) -> Iterator[ViewRows]:
    """Rows at every snapshot date for the customers with a snapshot that day."""
    cube = HoldingStates.of(holdings, calendar.dates, bank.product_vocabulary)
    changes = HoldingChanges(len(cube.customers), len(bank.product_vocabulary))
    label_months: list[_LabelMonth] = []
    for position, snapshot in enumerate(calendar.dates):
        month = month_number(snapshot)
        if position and snapshot in bank.label_months:
            label_months.append(_label_month(cube, position, changes.added_day))
        changes.advance(cube.states[:, position], day=day_number(snapshot), month=month)
        if position not in calendar.written or not cube.seen[:, position].any():
            continue
        present = np.flatnonzero(cube.seen[:, position])
        window = [labels for labels in label_months if month - WINDOW_MONTHS < labels.month]
        values = {
            "affinity": _affinity(changes, month, config)[present],
            **_baselines(window, changes.added_day[present]),
        }
        customers = [cube.customers[row] for row in present]
        yield ViewRows(customers, int(calendar.microseconds[position]), values)


def affinity_model(
    holdings: pl.LazyFrame, bank: BankIdentity, snapshot: date, config: AffinityConfig
) -> AffinityModel:
    """The model whose scores are the `affinity` feature of that snapshot."""
    dates = [day for day in Calendar.of_snapshots(bank).dates if day <= snapshot]
    cube = HoldingStates.of(holdings, dates, bank.product_vocabulary)
    changes = HoldingChanges(len(cube.customers), len(bank.product_vocabulary))
    for position, day in enumerate(dates):
        states = cube.states[:, position]
        changes.advance(states, day=day_number(day), month=month_number(day))
    states, known = _known_states(changes, month_number(snapshot))
    return fit_affinity(states[known], config)


def _affinity(changes: HoldingChanges, month: int, config: AffinityConfig) -> Float32s:
    states, known = _known_states(changes, month)
    scores = np.full_like(states, np.nan)
    if known.any():
        scores[known] = fit_affinity(states[known], config).scores(states[known])
    return scores


def _known_states(changes: HoldingChanges, month: int) -> tuple[Float32s, NDArray[np.bool_]]:
    """States (N, V) of that month, and of which customers any is known."""
    states = changes.states_within(STATE_MAX_AGE_MONTHS, month)
    return states, np.asarray(~np.isnan(states).all(axis=1))


def _label_month(cube: HoldingStates, position: int, added_day: Float32s) -> _LabelMonth:
    both = cube.seen[:, position - 1] & cube.seen[:, position]
    before, now = cube.states[both, position - 1], cube.states[both, position]
    added = (before == 0) & (now == 1)
    month = month_number(cube.dates[position])
    return _LabelMonth(month, added, last_product_added(added_day[both]))


def _baselines(window: list[_LabelMonth], added_day: Float32s) -> dict[str, Float32s]:
    """Popularity and transition of customers whose last additions are given (n, V)."""
    count, products = added_day.shape
    if not window:
        unknown = np.full((count, products), np.nan, dtype=np.float32)
        return {"popularity": unknown, "transition": unknown}
    popularity = fit_popularity(
        [labels.added.sum(axis=0) for labels in window], [len(labels.added) for labels in window]
    )
    transition = fit_transition(
        np.concatenate([labels.added for labels in window]),
        np.concatenate([labels.last_product for labels in window]),
    )
    return {
        "popularity": np.broadcast_to(popularity, (count, products)),
        "transition": transition[last_product_added(added_day)],
    }
