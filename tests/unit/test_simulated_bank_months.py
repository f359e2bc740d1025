"""Facts of many blocks put together month by month, and how ids are written at scale."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from training.simulated_bank import facts, frames, month_files


def block(rows: list[int], seconds: list[int]) -> dict[str, np.ndarray]:
    number = np.arange(len(rows))
    return {"row": np.array(rows), "second": np.array(seconds), "number": number.astype(np.int16)}


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    random = np.random.default_rng(3)
    files = [tmp_path / f"{number}.arrow" for number in range(3)]
    for number, path in enumerate(files):
        count = 1000 * number
        rows, seconds = random.integers(0, 50, count), random.integers(0, 900, count)
        month_files.put_aside(path, block(rows.tolist(), seconds.tolist()), 50 * number)
    return files


@pytest.mark.parametrize("window_rows", [500, 700, 10_000])
def test_windows_of_any_size_give_one_order_of_time_and_customer(paths, window_rows):
    windows = list(month_files.in_order(paths, window_rows=window_rows))
    whole = next(month_files.in_order(paths, window_rows=10**6))
    together = {name: np.concatenate([w[name] for w in windows]) for name in whole}
    assert all((together[name] == whole[name]).all() for name in whole)
    key = together["second"].astype(np.int64) * 1000 + together["row"]
    assert (np.diff(key) >= 0).all()
    assert len(key) == 3000
    assert max(len(w["row"]) for w in windows) <= window_rows * 2


def test_facts_of_one_customer_and_second_keep_their_order(tmp_path: Path):
    month_files.put_aside(tmp_path / "a.arrow", block([1, 0, 1, 1], [5, 5, 5, 2]), 0)
    (merged,) = month_files.in_order([tmp_path / "a.arrow"])
    assert merged["number"].tolist() == [3, 1, 0, 2]


def test_a_month_without_facts_is_empty(tmp_path: Path):
    month_files.put_aside(tmp_path / "a.arrow", block([], []), 0)
    (merged,) = month_files.in_order([tmp_path / "a.arrow"])
    assert len(merged["row"]) == 0


def test_ids_have_a_fixed_width_whatever_the_number():
    numbers = np.array([0, 12, 9_999, 10_000, 1_234_567, 9_999_999])
    columns = {
        "row": numbers,
        "second": np.zeros(6, np.int64),
        "amount": np.zeros(6),
        "category": np.zeros(6, np.uint8),
    }
    table = facts.transactions(columns, date(2026, 1, 1), 99_999_998)
    assert table["customer_id"].to_pylist() == frames.customer_ids(numbers).to_list()
    assert table["transaction_id"].to_pylist() == [f"T{99_999_998 + n:010d}" for n in range(6)]


def test_instants_are_local_midnights_in_utc_and_unanswered_offers_have_none():
    columns = {
        "row": np.array([1, 2]), "second": np.array([0, 60]), "product": np.array([0, 1]),
        "channel": np.array([0, 1]), "placement": np.array([0, 1]), "outcome": np.array([0, 1]),
        "reason": np.array([-1, -1]), "outcome_second": np.array([5, 90]),
        "probability": np.array([0.5, 0.25]),
    }  # fmt: skip
    table = pl.DataFrame(pl.from_arrow(facts.contacts(columns, date(2026, 1, 1), 0)))
    assert table["shown_at"].dt.to_string("%F %T").to_list() == [
        "2025-12-31 16:00:00",
        "2025-12-31 16:01:00",
    ]
    assert table["outcome"].to_list() == [None, "accept"]
    assert table["outcome_at"].null_count() == 1
