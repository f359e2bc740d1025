"""Profile features: the newest customers row known at each date."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from feature_repo.contract import Kind, features_of
from feature_repo.raw_features import Float32s
from training.features.calendar import Calendar
from training.features.view_writer import ViewRows

_DAYS = {
    "birth_day": "birth_date",
    "joined_day": "joined_on",
    "risk_assessed_day": "risk_assessed_on",
}
_PROFILE = features_of("customer_profile")


def rows(customers: pl.LazyFrame, calendar: Calendar) -> Iterator[ViewRows]:
    """Rows at every calendar date for the customers observed by then."""
    history = (
        customers.select("customer_id", "observed_on", *(_value(f.name, f.kind) for f in _PROFILE))
        .sort("observed_on", "customer_id")
        .collect()
    )
    microseconds = calendar.microseconds
    for position in calendar.written:
        known = history.filter(pl.col("observed_on") <= calendar.dates[position])
        newest = known.unique("customer_id", keep="last", maintain_order=True).sort("customer_id")
        values = {f.name: _column(newest[f.name], f.kind) for f in _PROFILE}
        yield ViewRows(newest["customer_id"].to_list(), int(microseconds[position]), values)


def _value(feature: str, kind: Kind) -> pl.Expr:
    if feature in _DAYS:
        return pl.col(_DAYS[feature]).to_physical().cast(pl.Float32).alias(feature)
    return pl.col(feature).cast(pl.String if kind is Kind.CATEGORY else pl.Float32)


def _column(values: pl.Series, kind: Kind) -> pl.Series | Float32s:
    if kind is Kind.CATEGORY:
        return values
    return values.fill_null(np.nan).to_numpy()
