"""Who added what in one month: the cold-start target, straight from the holdings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from feature_repo.raw_features import Float32s
from model_registry.home import BankIdentity, Home
from training.errors import EvaluationRefused
from training.features.holding_states import HoldingStates
from training.splitting import snapshot_before
from training.tables.store import TableStore


@dataclass(frozen=True)
class LabelMonth:
    """Labels (n, V) of ascending customers: 1 added, 0 not, NaN = held before or unknown."""

    month: date
    as_of: date
    customers: list[str]
    labels: Float32s
    vocabulary: list[str]

    @property
    def candidates(self) -> NDArray[np.bool_]:
        """Which customer × product pairs have a label."""
        return ~np.isnan(self.labels)

    def spine(self, start: int, stop: int) -> pl.DataFrame:
        """Customers `start` to `stop` and the instant their features are wanted at."""
        names = self.customers[start:stop]
        return pl.DataFrame(
            {"customer_id": names, "as_of": [self.as_of] * len(names)},
            schema={"customer_id": pl.String, "as_of": pl.Date},
        )


def read_label_month(home: Home, bank: BankIdentity, month: date) -> LabelMonth:
    """The labels of one month; customers without any labelled product are left out."""
    as_of = snapshot_before(bank, month)
    cube = HoldingStates.of(
        TableStore(home).scan("holdings"), (as_of, month), bank.product_vocabulary
    )
    before, now = cube.states[:, 0], cube.states[:, 1]
    labels = np.where(before == 0, now, np.nan).astype(np.float32)
    known = np.flatnonzero(~np.isnan(labels).all(axis=1))
    if not len(known):
        raise EvaluationRefused(
            f"no customer has known holdings on both {as_of} and {month}: choose another month"
        )
    customers = [cube.customers[row] for row in known]
    return LabelMonth(month, as_of, customers, labels[known], bank.product_vocabulary)


def segments_of(home: Home, month: LabelMonth) -> list[str | None]:
    """The bank's segment of each customer as it was at the month's `as_of`; None = unknown."""
    tables = TableStore(home)
    if "customers" not in tables.names():
        return [None] * len(month.customers)
    newest = (
        tables.scan("customers")
        .filter(pl.col("observed_on") <= month.as_of)
        .sort("observed_on")
        .group_by("customer_id")
        .agg(pl.col("segment").last())
    )
    asked = pl.LazyFrame({"customer_id": month.customers}, schema={"customer_id": pl.String})
    joined = asked.join(newest, on="customer_id", how="left", maintain_order="left").collect()
    return joined["segment"].to_list()
