"""Months of holdings that are missing or thin are named in one line."""

from __future__ import annotations

from datetime import date

import pytest

from training.snapshot_gaps import gaps_among
from training.until_notes import until_notes


def months(*customers: int | None) -> dict[date, int]:
    """So many customers in November 2025 and the months after; None leaves a month out."""
    days = [date(2025 + (10 + n) // 12, (10 + n) % 12 + 1, 28) for n in range(len(customers))]
    return {day: count for day, count in zip(days, customers, strict=True) if count is not None}


@pytest.mark.parametrize("customers", [(), (100,), (100, 50), (50, 60, 100, 49 * 2), (60, 100, 60)])
def test_whole_months_are_no_news(customers: tuple[int, ...]) -> None:
    assert gaps_among(months(*customers)) is None


def test_months_that_are_missing_are_named_across_a_year_s_end() -> None:
    told = gaps_among(months(100, None, None, 100, None, 100))
    assert told is not None
    assert "no snapshot in 2025-12, 2026-01, 2026-03:" in told


@pytest.mark.parametrize(
    ("customers", "thin"),
    [
        ((3600, 1700, 3600), "2025-12 (1,700 customers)"),
        ((1700, 3600, 3600), "2025-11 (1,700 customers)"),
        ((3600, 3600, 1700), "2026-01 (1,700 customers)"),
    ],
)
def test_a_month_of_less_than_half_its_neighbours_customers_is_named(
    customers: tuple[int, ...], thin: str
) -> None:
    told = gaps_among(months(*customers))
    assert told is not None
    assert thin in told
    assert "\n" not in told


def test_both_stand_in_one_line() -> None:
    told = gaps_among(months(100, None, 10, 100))
    assert told is not None
    assert "no snapshot in 2025-12; less than half" in told


def test_a_training_end_that_was_moved_or_leaves_nothing_to_measure_is_said() -> None:
    used = date(2026, 3, 31)
    assert list(until_notes(None, used, is_measured=False)) == []
    assert list(until_notes(used, used, is_measured=True)) == []
    (moved,) = until_notes(date(2026, 4, 15), used, is_measured=True)
    assert moved == "trained until 2026-03-31, the last label month up to 2026-04-15"
    (_, unmeasured) = until_notes(date(2027, 1, 1), used, is_measured=False)
    assert "nothing is left to measure on" in unmeasured
