"""Sums over the last weeks of weekly series, as the weeks stand at an instant."""

from __future__ import annotations

import numpy as np

from feature_repo.contract import WEEKS
from feature_repo.raw_features import Float32s, Float64s

WINDOWS_WEEKS = (4, 13)


def window_sums(series: Float32s, newest_weeks: Float32s, today: Float64s) -> Float32s:
    """Sums (n, S * 2) of series (n, S, 13) over the 4 and 13 weeks that end with today's week.

    A week after its series' `newest_weeks` (n, S) is not known: known ones are summed, NaN if none.
    """
    sums = np.full((*series.shape[:2], len(WINDOWS_WEEKS)), np.nan, dtype=np.float32)
    shifts = np.maximum(np.floor(today / 7.0) - newest_weeks, 0.0)
    # Few distinct shifts: rows were written on few days, and serving has one customer.
    for shift in set(shifts[shifts < WEEKS].tolist()):
        chosen = shifts == shift
        weekly = series[chosen]
        for position, weeks in enumerate(WINDOWS_WEEKS):
            first = WEEKS - weeks + int(shift)
            if first < WEEKS:
                sums[chosen, position] = np.add.reduce(weekly[:, first:], axis=1)
    return sums.reshape(len(sums), -1)
