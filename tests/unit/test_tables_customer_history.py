"""A birth date from ages: the latest day that agrees with the ages seen, never a later one."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from training.importers.customer_history import CustomerHistory, completed_years


def _birth_dates(*seen: tuple[date, int | None]) -> list[date | None]:
    history = CustomerHistory()
    found: list[date | None] = []
    for day, age in seen:
        row = {"customer_id": ["1"], "observed_on": [day], "age": [age]}
        types = {"customer_id": pl.String, "observed_on": pl.Date, "age": pl.Int32}
        found += history.advance(pl.DataFrame(row, schema=types))["birth_date"].to_list()
    return found


@pytest.mark.parametrize(
    ("since", "until", "years"),
    [
        (date(1980, 3, 28), date(2015, 3, 27), 34),
        (date(1980, 3, 28), date(2015, 3, 28), 35),
        (date(1980, 12, 31), date(2015, 12, 30), 34),
        (date(1980, 2, 29), date(2015, 2, 28), 34),
    ],
)
def test_completed_years(since: date, until: date, years: int) -> None:
    frame = pl.DataFrame({"since": [since], "until": [until]})
    assert frame.select(completed_years("since", "until")).item() == years


def test_stays_while_the_ages_agree_and_moves_at_a_birthday() -> None:
    seen = [(date(2015, 11, 28), 35), (date(2015, 12, 28), 36), (date(2016, 11, 28), 36)]
    assert _birth_dates(*seen) == [date(1980, 11, 28), date(1979, 12, 28)]


def test_follows_a_correction_of_the_age() -> None:
    assert _birth_dates((date(2015, 1, 28), 35), (date(2015, 2, 28), 30)) == [
        date(1980, 1, 28),
        date(1985, 2, 28),
    ]


def test_is_unknown_without_an_age_and_clamps_a_leap_day() -> None:
    assert _birth_dates((date(2016, 1, 28), None), (date(2016, 2, 29), 35)) == [
        None,
        date(1981, 2, 28),
    ]
