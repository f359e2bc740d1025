"""What a run learned from, month by month: the data window of its metrics and its report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec
import numpy as np
from numpy.typing import NDArray

from training.label_month import LabelMonth


class MonthCounts(msgspec.Struct, frozen=True):
    """One label month; `rows` of its candidate pairs were learned from, additions all of them."""

    month: date
    as_of: date
    customers: int
    candidates: int
    rows: int
    additions: dict[str, int]


def month_counts(
    months: Sequence[LabelMonth], chosen: Sequence[NDArray[np.bool_]]
) -> list[MonthCounts]:
    """The counts of every month, and of the pairs (n, V) of each that became rows."""
    return [
        MonthCounts(
            month=month.month,
            as_of=month.as_of,
            customers=len(month.customers),
            candidates=int(month.candidates.sum()),
            rows=int(rows.sum()),
            additions=dict(
                zip(
                    month.vocabulary,
                    np.nansum(month.labels, axis=0).astype(int).tolist(),
                    strict=True,
                )
            ),
        )
        for month, rows in zip(months, chosen, strict=True)
    ]
