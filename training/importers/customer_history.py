"""Customers month by month: a row is written only when something about the customer changed."""

from __future__ import annotations

import polars as pl


class CustomerHistory:
    """The last known row of every customer; months must be advanced in order.

    A bank that reports only the age gives no birthday: `birth_date` is the latest day that agrees
    with the ages seen so far (never a later one), so it moves only when an age contradicts it.
    """

    def __init__(self) -> None:
        self._last: pl.DataFrame | None = None

    def advance(self, observed: pl.DataFrame) -> pl.DataFrame:
        """Rows of this month (one per customer, with `age`) that say something new."""
        dated = self._with_birth_date(observed)
        attributes = [n for n in dated.columns if n not in ("customer_id", "observed_on")]
        if self._last is None:
            self._last = dated
            return dated
        former = self._last.select("customer_id", pl.lit(value=True).alias("known"), *attributes)
        both = dated.join(
            former, on="customer_id", how="left", suffix="_before", maintain_order="left"
        )
        moved = pl.any_horizontal(pl.col(n).ne_missing(pl.col(f"{n}_before")) for n in attributes)
        changed = both.filter(pl.col("known").is_null() | moved).select(dated.columns)
        stayed = self._last.join(changed, on="customer_id", how="anti")
        self._last = pl.concat([stayed, changed])
        return changed

    def _with_birth_date(self, observed: pl.DataFrame) -> pl.DataFrame:
        if self._last is None:
            before = observed.select("customer_id", pl.lit(None, pl.Date).alias("known_birth"))
        else:
            before = self._last.select("customer_id", known_birth="birth_date")
        joined = observed.join(before, on="customer_id", how="left", maintain_order="left")
        agrees = completed_years("known_birth", "observed_on") == pl.col("age")
        birth_date = pl.when(agrees).then("known_birth").otherwise(latest_birth_date())
        return joined.with_columns(birth_date.alias("birth_date")).drop("age", "known_birth")


def completed_years(since: str, until: str) -> pl.Expr:
    """Whole years from one day to another."""
    start, end = pl.col(since).dt, pl.col(until).dt
    same_month = end.month() == start.month()
    before = (end.month() < start.month()) | (same_month & (end.day() < start.day()))
    return end.year() - start.year() - before.cast(pl.Int32)


def latest_birth_date() -> pl.Expr:
    """The same day `age` years before `observed_on`: whoever has that age was born by then."""
    day = pl.col("observed_on").dt
    is_leap_day = (day.month() == 2) & (day.day() == 29)
    return pl.date(
        day.year() - pl.col("age"),
        day.month(),
        pl.when(is_leap_day).then(28).otherwise(day.day()),
    )
