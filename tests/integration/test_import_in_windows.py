"""Tables too large to be sorted at once: put in order window by window, with nothing lost."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from model_registry.home import Home
from training.importers import ImportSummary, import_tables, table_intake
from training.tables.store import TableStore

COUNT = 600


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    random = np.random.default_rng(5)
    begin = datetime(2016, 1, 1, tzinfo=timezone.utc)
    transactions = pl.DataFrame(
        {
            "transaction_id": [f"t{n}" for n in random.permutation(COUNT)],
            "customer_id": [f"c{n}" for n in random.integers(0, 9, COUNT)],
            "occurred_at": [begin + timedelta(hours=int(n)) for n in random.integers(0, 90, COUNT)],
            "amount": random.normal(0, 100, COUNT),
            "category": ["rent"] * COUNT,
        }
    )
    repeated = transactions.head(50)
    contradicting = transactions.tail(40).with_columns(pl.col("amount") + 1)
    customers = [f"c{n}" for n in range(9)]
    tables = {
        "transactions": pl.concat([transactions, repeated, contradicting]).sample(
            fraction=1, shuffle=True, seed=2
        ),
        "customers": pl.DataFrame(
            {"customer_id": customers, "observed_on": [date(2016, 1, 1)] * 9}
        ),
        "products": pl.DataFrame({"product_id": ["a"], "name": ["A"], "group": ["g"]}),
        "holdings": pl.DataFrame(
            {
                "customer_id": customers,
                "snapshot_on": [date(2016, 1, 31)] * 9,
                "held": [["a"]] * 9,
            }
        ),
    }
    for name, table in tables.items():
        table.write_parquet(tmp_path / f"{name}.parquet")
    return tmp_path


def imported(folder: Path, name: str) -> tuple[ImportSummary, pl.DataFrame]:
    home = Home(folder.parent / f"{folder.name}-{name}")
    summary = import_tables(folder, home, bank="toy")
    return summary, TableStore(home).scan("transactions").collect()


@pytest.mark.parametrize("window_rows", [1, 60, 300])
def test_windows_give_the_bank_that_one_sort_gives(folder, monkeypatch, window_rows):
    whole, transactions = imported(folder, "whole")
    monkeypatch.setattr(table_intake, "WINDOW_ROWS", window_rows)
    cut, in_windows = imported(folder, f"cut{window_rows}")
    assert in_windows.equals(transactions)
    assert cut.identity.fingerprint == whole.identity.fingerprint
    assert cut.repeated == whole.repeated == {"transactions": 50}
    assert cut.identity.quarantined == whole.identity.quarantined == {"transactions": 40}
    assert transactions["transaction_id"].n_unique() == transactions.height == COUNT
