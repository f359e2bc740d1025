"""Monthly snapshots made from opened and closed days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import polars as pl

LONGEST_HISTORY_MONTHS = 60
"""Snapshots reach back at most this far, however old the oldest holding is."""


def snapshot_days(first: date, data_until: date) -> list[date]:
    """Month ends from the first month on, then `data_until`, be its month over or not."""
    days = [data_until]
    end = data_until.replace(day=1) - timedelta(days=1)
    while end >= first and len(days) < LONGEST_HISTORY_MONTHS:
        days.append(end)
        end = end.replace(day=1) - timedelta(days=1)
    return sorted(days)


def is_month_end(day: date) -> bool:
    """Whether the month is over after this day."""
    return (day + timedelta(days=1)).day == 1


def joined_days(customers: pl.DataFrame, periods: pl.DataFrame) -> pl.DataFrame:
    """`customer_id`, `joined`: the earliest of joining, the first holding and, failing both, when
    the bank first observed the customer."""
    latest = (
        customers.sort("customer_id", "observed_on")
        .group_by("customer_id")
        .agg(pl.col("joined_on").drop_nulls().last(), pl.col("observed_on").min())
    )
    opened = periods.group_by("customer_id").agg(pl.col("opened_on").min())
    joined = latest.join(opened, on="customer_id", how="full", coalesce=True)
    known = pl.min_horizontal("joined_on", "opened_on")
    return joined.select("customer_id", joined=pl.coalesce(known, "observed_on"))


def snapshots(
    periods: pl.DataFrame, joined: pl.DataFrame, days: list[date]
) -> Iterator[pl.DataFrame]:
    """Holdings of every customer who had joined by each day, day by day."""
    for day in days:
        open_then = (pl.col("opened_on") <= day) & (
            pl.col("closed_on").is_null() | (pl.col("closed_on") > day)
        )
        held = periods.filter(open_then).group_by("customer_id").agg(held=pl.col("product_id"))
        members = joined.filter(pl.col("joined") <= day).select("customer_id")
        empty = pl.lit([], pl.List(pl.String))
        yield members.join(held, on="customer_id", how="left").select(
            "customer_id",
            snapshot_on=pl.lit(day),
            held=pl.coalesce("held", empty),
            unknown=empty,
        )
