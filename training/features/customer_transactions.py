"""Transaction features: weekly flows, first and last day of each category, large inflows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from feature_repo.contract import TRANSACTION_CATEGORIES
from feature_repo.raw_features import Float32s
from training.features.calendar import Calendar
from training.features.day_tally import DayTally
from training.features.fact_timeline import Codes, FactTimeline, codes_of, in_order_of
from training.features.view_writer import ViewRows

LARGE_INFLOW_MONTHS = 3.0
MINIMUM_HISTORY_DAYS = 28
_DAYS_PER_MONTH = 30.4375
_CATEGORIES = len(TRANSACTION_CATEGORIES)
_OTHER = TRANSACTION_CATEGORIES.index("other")


def rows(transactions: pl.LazyFrame, calendar: Calendar) -> Iterator[ViewRows]:
    """Rows at every calendar date for the customers with a transaction so far."""
    facts = _ordered(transactions)
    customers = facts["customer_id"].unique().sort().to_list()
    timeline = FactTimeline(facts, "occurred_at", calendar, customers)
    categories = codes_of(facts["category"], TRANSACTION_CATEGORIES, unknown=_OTHER)
    amounts = facts["amount"].to_numpy()
    large = _LargeInflows(timeline, facts["is_large"].to_numpy(), amounts)
    tally, first = DayTally(len(customers), _CATEGORIES), calendar.written
    for position in range(len(calendar.dates)):
        fresh = timeline.fresh(position)
        tally.add(timeline.codes[fresh], categories[fresh], timeline.days[fresh])
        large.add(fresh)
        if position in first:
            values = {
                **_weekly(timeline, position, amounts, categories),
                "category_first_day": tally.first,
                "category_last_day": tally.last,
                "large_inflow_day": large.day,
                "large_inflow_amount": large.amount,
            }
            yield timeline.rows_at(position, values, "transaction_week")


class _LargeInflows:
    """The last inflow of each customer that exceeded three usual months."""

    def __init__(self, timeline: FactTimeline, is_large: Float32s, amounts: Float32s) -> None:
        self._timeline, self._is_large, self._amounts = timeline, is_large, amounts
        self.day = np.full(len(timeline.customers), np.nan, dtype=np.float32)
        self.amount = self.day.copy()

    def add(self, fresh: slice) -> None:
        """Take in facts in time order: of several of one customer the last stays."""
        chosen = np.flatnonzero(self._is_large[fresh]) + fresh.start
        codes = self._timeline.codes[chosen]
        self.day[codes] = self._timeline.days[chosen]
        self.amount[codes] = self._amounts[chosen]


def _weekly(
    timeline: FactTimeline, position: int, amounts: Float32s, categories: Codes
) -> dict[str, Float32s]:
    recent = timeline.recent(position)
    signed = amounts[recent]
    return {
        "inflow_by_week": timeline.weekly(position, np.maximum(signed, 0.0)),
        "outflow_by_week": timeline.weekly(position, np.maximum(-signed, 0.0)),
        "transactions_by_week": timeline.weekly(position),
        "amount_by_category_week": timeline.weekly(
            position, np.abs(signed), series=categories[recent], kinds=_CATEGORIES
        ),
    }


def _ordered(transactions: pl.LazyFrame) -> pl.DataFrame:
    """In time order, with `is_large`: each inflow is judged by what came before it only."""
    inflow = pl.col("amount").clip(lower_bound=0.0)
    before = inflow.cum_sum().shift(1).over("customer_id")
    day = pl.col("occurred_at").dt.date().to_physical()
    history = day - day.first().over("customer_id")
    usual = before / (history / _DAYS_PER_MONTH)
    is_large = (
        (history >= MINIMUM_HISTORY_DAYS)
        & (before > 0)
        & (pl.col("amount") > LARGE_INFLOW_MONTHS * usual)
    )
    # The amount breaks ties of a bank whose ids are not unique: the input's order must not.
    ordered = in_order_of(
        transactions.select(
            "transaction_id", "customer_id", "occurred_at", "amount", "category"
        ).collect(),
        "occurred_at",
        *("transaction_id", "customer_id", "amount", "category"),
    )
    marked = ordered.drop("transaction_id").lazy()
    return marked.with_columns(is_large=is_large.fill_null(value=False)).collect()
