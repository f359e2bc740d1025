"""Sums over the last weeks of weekly series, as they stood when their row was written."""

from __future__ import annotations

import numpy as np

from feature_repo.contract import WEEKS
from feature_repo.raw_features import Float32s

WINDOWS_WEEKS = (4, 13)


def window_sums(series: Float32s) -> Float32s:
    """Sums (n, S * 2) of series (n, S, 13) over the 4 and 13 newest weeks known of the customer.

    The windows end with the row's own newest week, not with today: of the weeks after it nothing is
    known yet, and training, which always sees a fresh row, never met a window that shrinks between
    two loads. How old the newest week is, is what a view's max age guards.
    """
    sums = np.empty((*series.shape[:2], len(WINDOWS_WEEKS)), dtype=np.float32)
    for place, weeks in enumerate(WINDOWS_WEEKS):
        np.add.reduce(series[:, :, WEEKS - weeks :], axis=2, out=sums[:, :, place])
    return sums.reshape(len(series), -1)
