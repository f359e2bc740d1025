"""Columns of codes and numbers as typed frames in the form of the canonical tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from training.simulated_bank.consents import NO_RECORD, ConsentState
from training.simulated_bank.ledger import NOT_OPEN, DayMatrix
from training.simulated_bank.population import Flags
from training.simulated_bank.products import PRODUCTS, VOCABULARY

BANK_ZONE_SECONDS = 8 * 3600
Codes = NDArray[np.integer]


def products_frame() -> pl.DataFrame:
    """The products table in vocabulary order."""
    rows = [(product.product_id, product.name, product.group) for product in PRODUCTS]
    return pl.DataFrame(rows, schema=["product_id", "name", "group"], orient="row")


def customer_ids(number: Codes) -> pl.Series:
    """Customer ids of customer numbers."""
    return "C" + pl.Series(number).cast(pl.String).str.zfill(7)


def named(names: Sequence[str], codes: Codes) -> pl.Series:
    """The name of each code; a negative code is null."""
    index = pl.Series(codes.astype(np.int64))
    return pl.Series(names, dtype=pl.String).gather(index.set(index < 0, None))


def instants(start: date, second: NDArray[np.integer]) -> pl.Series:
    """Local seconds since the first midnight as UTC instants."""
    origin = np.datetime64(start, "us") - np.timedelta64(BANK_ZONE_SECONDS, "s")
    moments = origin + second.astype("timedelta64[s]")
    return pl.Series(moments.astype("datetime64[us]")).dt.replace_time_zone("UTC")


def day_series(start: date, day: Codes, unknown: Flags | None = None) -> pl.Series:
    """Day numbers as dates, null where unknown."""
    days = pl.Series(np.datetime64(start, "D") + day.astype("timedelta64[D]"))
    return days if unknown is None else days.set(pl.Series(unknown), None)


def holdings_frame(customers: pl.Series, held: Flags, snapshot_on: date) -> pl.DataFrame:
    """One snapshot: the products each customer holds, in vocabulary order."""
    _, product = np.nonzero(held)
    offsets = np.concatenate([[0], np.cumsum(held.sum(axis=1))]).astype(np.int32)
    names = pa.array(VOCABULARY).take(pa.array(product))
    lists = pa.ListArray.from_arrays(pa.array(offsets), names)
    return pl.DataFrame(
        {
            "customer_id": customers,
            "snapshot_on": pl.repeat(snapshot_on, len(customers), dtype=pl.Date, eager=True),
            "held": pl.Series(pl.from_arrow(lists)).cast(pl.List(pl.String)),
        }
    )


def periods_frame(periods: DayMatrix, customers: pl.Series, start: date) -> pl.DataFrame:
    """Holding periods of a block; an open one has no closing date."""
    row, product, opened, closed = periods.T
    return pl.DataFrame(
        {
            "customer_id": customers.gather(row),
            "product_id": named(VOCABULARY, product),
            "opened_on": day_series(start, opened),
            "closed_on": day_series(
                start, np.where(closed == NOT_OPEN, 0, closed), closed == NOT_OPEN
            ),
        }
    )


def consents_frame(
    consents: ConsentState, customers: pl.Series, start: date, days: int
) -> pl.DataFrame:
    """All consent records made up to the last simulated day."""
    frames = []
    for channel, purpose, status, day in consents.records():
        made = np.flatnonzero((day != NO_RECORD) & (day < days))
        noon = day[made].astype(np.int64) * 86_400 + 12 * 3600
        frames.append(
            pl.DataFrame(
                {"customer_id": customers.gather(made), "recorded_at": instants(start, noon)}
            ).with_columns(channel=pl.lit(channel), purpose=pl.lit(purpose), status=pl.lit(status))
        )
    return pl.concat(frames)
