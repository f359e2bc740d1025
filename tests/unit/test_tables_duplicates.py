"""One row per key, whatever the order of the input."""

from __future__ import annotations

import polars as pl
import pytest

from training.tables.duplicates import CONFLICT, resolve
from training.tables.validation import LINE, REASON

ROWS = pl.DataFrame(
    {
        "key": ["a", "a", "a", "b", "b", "c"],
        "held": [["x"], ["w"], ["x"], ["x"], ["x"], None],
        "income": [1.0, 2.0, 1.0, None, None, 3.0],
    }
)


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [2, 5, 0, 4, 1, 3]])
def test_keeps_the_same_rows_in_any_order(order: list[int]) -> None:
    resolved = resolve(ROWS[order].with_row_index(LINE, offset=2), ["key"])
    assert resolved.kept.drop(LINE).rows() == [("a", ["w"], 2.0), ("b", ["x"], None),
                                               ("c", None, 3.0)]  # fmt: skip
    assert resolved.repeated + resolved.conflicting.height == 3


def test_counts_equal_rows_and_names_the_lines_that_contradict() -> None:
    equal = resolve(ROWS[[3, 4, 5]].with_row_index(LINE, offset=2), ["key"])
    assert (equal.repeated, equal.conflicting.height) == (1, 0)
    contradicting = resolve(ROWS[[0, 1]].with_row_index(LINE, offset=2), ["key"])
    assert contradicting.conflicting.select(LINE, REASON).rows() == [
        (2, f"{CONFLICT}: line 3 stays")
    ]


@pytest.mark.parametrize("statuses", [["given", "refused"], ["refused", "given"]])
def test_a_preferred_row_stays_whatever_its_content_and_place(statuses: list[str]) -> None:
    rows = pl.DataFrame({"key": ["a", "a"], "status": statuses}).with_row_index(LINE, offset=2)
    resolved = resolve(rows, ["key"], preferred=pl.col("status") == "refused")
    assert resolved.kept["status"].to_list() == ["refused"]
    assert resolved.conflicting.height == 1
