"""Monthly snapshots as a cube of states: 1 held, 0 not held, NaN unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from feature_repo.raw_features import Float32s
from training.features.fact_timeline import codes_of


@dataclass(frozen=True)
class HoldingStates:
    """States (N, T, V) of ascending customers and dates; `seen` (N, T) = has a snapshot."""

    customers: list[str]
    dates: tuple[date, ...]
    states: Float32s
    seen: NDArray[np.bool_]

    @classmethod
    def of(
        cls, holdings: pl.LazyFrame, dates: Sequence[date], vocabulary: Sequence[str]
    ) -> HoldingStates:
        """The cube of the snapshots on these dates; products outside the vocabulary are dropped."""
        facts = holdings.filter(pl.col("snapshot_on").is_in(list(dates))).collect()
        customers = facts["customer_id"].unique().sort().to_list()
        rows = codes_of(facts["customer_id"], customers)
        times = np.searchsorted(
            np.array(dates, dtype="datetime64[D]"), facts["snapshot_on"].to_numpy()
        )
        states = np.full((len(customers), len(dates), len(vocabulary)), np.nan, dtype=np.float32)
        seen = np.zeros(states.shape[:2], dtype=np.bool_)
        seen[rows, times] = True
        states[rows, times] = 0.0
        for column, state in (("held", 1.0), ("unknown", np.nan)):
            lines, products = _exploded(facts[column], vocabulary)
            states[rows[lines], times[lines], products] = state
        return cls(customers, tuple(dates), states, seen)


def _exploded(
    lists: pl.Series, vocabulary: Sequence[str]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """For every product named in the lists: the line it stands in and its code."""
    named = (
        pl.DataFrame({"line": np.arange(len(lists)), "product": lists})
        .explode("product")
        .drop_nulls("product")
    )
    products = codes_of(named["product"], vocabulary)
    known = products >= 0
    return named["line"].to_numpy().astype(np.intp)[known], products[known]
