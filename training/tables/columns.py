"""The words the table schemas are written in: column types, closed value sets and checks."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

import pandera.polars as pa
import polars as pl

IDENTIFIER = pl.String()
TEXT = pl.String()
DAY = pl.Date()
INSTANT = pl.Datetime("us", "UTC")


def column(dtype: Any, description: str, *checks: pa.Check) -> pa.Column:
    """A column every row must fill."""
    return pa.Column(dtype, list(checks), nullable=False, description=description)


def optional(dtype: Any, description: str, *checks: pa.Check) -> pa.Column:
    """A column that may be empty (= unknown) or missing altogether."""
    return pa.Column(dtype, list(checks), nullable=True, description=description)


def one_of(*values: str) -> pa.Check:
    """The value is one of a closed set."""
    return pa.Check.isin(list(values), error=f"must be one of {' '.join(values)}")


def is_time_zone() -> pa.Check:
    """The value is a zone of the IANA database."""
    return pa.Check(_known_zone, error="must be an IANA time zone")


def _known_zone(data: pa.PolarsData) -> pl.LazyFrame:
    return data.lazyframe.select(pl.col(data.key).is_in(sorted(available_timezones())))
