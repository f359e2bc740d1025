"""Model columns of a label month's customers, as they stood at its `as_of`, through Feast."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from feature_repo.contract import VIEWS
from feature_repo.raw_features import Float32s
from feature_repo.transforms import (
    CATEGORY_FEATURES,
    ColumnLayout,
    customer_columns,
    design_matrix,
    product_columns,
)
from model_registry.home import BankIdentity, Home
from training.baselines import last_product_added
from training.features.calendar import day_number
from training.features.historical import training_frame
from training.label_month import LabelMonth
from training.progress import Progress
from training.tables.store import TableStore

CHUNK_CUSTOMERS = 50_000
_END_OF_DAY = 86_399.0 / 86_400.0


@dataclass(frozen=True)
class CustomerChunk:
    """Columns of customers `start` to `stop` of a month, and the views that knew any of them."""

    start: int
    stop: int
    customer: Float32s
    product: Float32s
    last_products: NDArray[np.intp]
    views: frozenset[str]

    def rows(self, chosen: NDArray[np.bool_]) -> tuple[Float32s, NDArray[np.intp]]:
        """Design-matrix rows of the chosen (n, V) pairs of this chunk, and their product codes."""
        customer_rows, codes = np.nonzero(chosen[self.start : self.stop])
        return design_matrix(self.customer, self.product, customer_rows, codes), codes


def month_chunks(
    home: Home, month: LabelMonth, layout: ColumnLayout, progress: Progress
) -> Iterator[CustomerChunk]:
    """The month's customers in order, chunk by chunk."""
    for start in range(0, len(month.customers), CHUNK_CUSTOMERS):
        stop = min(start + CHUNK_CUSTOMERS, len(month.customers))
        raw = training_frame(home, month.spine(start, stop), progress=progress)
        as_of_days = np.full(stop - start, day_number(month.as_of) + _END_OF_DAY)
        yield CustomerChunk(
            start,
            stop,
            customer_columns(raw, as_of_days, layout),
            product_columns(raw, as_of_days, layout),
            last_product_added(raw.lists["added_day"]),
            frozenset(v.name for v in VIEWS if not np.isnan(raw.event_days[v.name]).all()),
        )


def layout_at(home: Home, bank: BankIdentity, until: date) -> ColumnLayout:
    """The bank's columns; category levels are those known on a day, in alphabetical order."""
    known = TableStore(home).scan("customers").filter(pl.col("observed_on") <= until)
    levels = {
        name: tuple(known.select(pl.col(name).drop_nulls().unique().sort()).collect()[name])
        for name in CATEGORY_FEATURES
    }
    return ColumnLayout(tuple(bank.product_vocabulary), levels)
