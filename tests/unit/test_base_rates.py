"""Plain rates lean on wider ones where little was seen, and know the bank's segments."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from training.base_rates import base_rates
from training.label_month import LabelMonth

GROUPS = {"card": "cards", "loan": "lending"}


def month(rows: list[list[float]]) -> LabelMonth:
    """Customers with these labels for card and loan."""
    names = [f"c{number}" for number in range(len(rows))]
    labels = np.array(rows, dtype=np.float32)
    return LabelMonth(date(2026, 2, 1), date(2026, 1, 1), names, labels, list(GROUPS))


def test_a_segment_that_buys_more_has_the_higher_rate() -> None:
    students, others = [[1.0, 0.0]] * 50, [[0.0, 1.0]] * 50
    names: list[str | None] = ["student"] * 50 + ["private"] * 49 + [None]
    rates = base_rates([month(students + others)], GROUPS, [names])
    assert set(rates.segment) == {"student", "private"}
    assert rates.segment["student"]["card"] > 0.95 > 0.05 > rates.segment["private"]["card"]


def test_a_segment_nobody_asked_leans_on_the_product() -> None:
    rates = base_rates([month([[np.nan, 1.0], [1.0, 0.0]])], GROUPS, [["held", "other"]])
    assert rates.segment["held"]["card"] == pytest.approx(rates.product["card"])


def test_without_segments_there_are_none() -> None:
    assert base_rates([month([[1.0, 0.0]])], GROUPS).segment == {}
