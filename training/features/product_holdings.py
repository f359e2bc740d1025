"""Holding features: states now and one to three months back, additions and drops so far."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from feature_repo.raw_features import Float32s
from training.features.calendar import Calendar, day_number, month_number
from training.features.holding_changes import HoldingChanges
from training.features.holding_states import HoldingStates
from training.features.view_writer import ViewRows

LAGS_MONTHS = (1, 2, 3)


def rows(holdings: pl.LazyFrame, calendar: Calendar, vocabulary: list[str]) -> Iterator[ViewRows]:
    """Rows at every snapshot date for the customers with a snapshot that day."""
    cube = HoldingStates.of(holdings, calendar.dates, vocabulary)
    changes = HoldingChanges(len(cube.customers), len(vocabulary))
    snapshots_seen = np.cumsum(cube.seen, axis=1)
    for position, snapshot in enumerate(calendar.dates):
        day = day_number(snapshot)
        changes.advance(cube.states[:, position], day=day, month=month_number(snapshot))
        if position not in calendar.written:
            continue
        present = np.flatnonzero(cube.seen[:, position])
        values = {
            "snapshot_day": np.full(len(present), day, dtype=np.float32),
            "snapshots_seen": snapshots_seen[present, position].astype(np.float32),
            "held": cube.states[present, position],
            **{f"held_lag{lag}": _lagged(cube, position, lag)[present] for lag in LAGS_MONTHS},
            "added_day": changes.added_day[present],
            "dropped_day": changes.dropped_day[present],
            "added_count": changes.added_count[present],
            "ever_held": changes.ever_held[present],
        }
        customers = [cube.customers[row] for row in present]
        yield ViewRows(customers, int(calendar.microseconds[position]), values)


def _lagged(cube: HoldingStates, position: int, months: int) -> Float32s:
    """States so many calendar months earlier; unknown where that month has no snapshot."""
    wanted = month_number(cube.dates[position]) - months
    for earlier in range(position - 1, -1, -1):
        if month_number(cube.dates[earlier]) == wanted:
            return cube.states[:, earlier]
    return np.full_like(cube.states[:, position], np.nan)
