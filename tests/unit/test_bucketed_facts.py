"""Tables cut into buckets of customers: every row once, in its order, in its customer's bucket."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from model_registry.home import Home
from training.features import bucketed_facts
from training.features.bucketed_facts import BucketedFacts
from training.features.customer_bucket import buckets
from training.tables.store import TableStore

CUSTOMERS = [f"c{n:02d}" for n in range(20)]


@pytest.fixture
def tables(tmp_path: Path) -> TableStore:
    store = TableStore(Home(tmp_path))
    days = [date(2024, 1, day) for day in (1, 2, 3)]
    history = pl.DataFrame({"customer_id": [*CUSTOMERS, "a", "x"]}).join(
        pl.DataFrame({"observed_on": days}), how="cross"
    )
    store.write("customers", history)
    return store


@pytest.mark.parametrize("size", [3, 7, 19, 20])
def test_every_row_is_in_the_bucket_of_its_customer_in_the_table_s_order(
    tables, tmp_path, monkeypatch, size
):
    monkeypatch.setattr(bucketed_facts, "_ROWS_AT_A_TIME", 11)
    whole, chosen = tables.scan("customers").collect(), buckets(CUSTOMERS, size)
    with BucketedFacts(tables, chosen, tmp_path / "scratch") as facts:
        parts = [part.collect() for part in facts.of("customers")]
    assert len(parts) == len(chosen)
    for bucket, part in zip(chosen, parts, strict=True):
        customer = pl.col("customer_id")
        mine = whole.filter(
            customer >= (bucket.first or ""), customer < (bucket.end or "\U0010ffff")
        )
        assert part.equals(mine)
    assert not (tmp_path / "scratch").exists()


def test_an_absent_table_is_empty_in_every_bucket(tables, tmp_path):
    with BucketedFacts(tables, buckets(CUSTOMERS, 5), tmp_path / "scratch") as facts:
        parts = facts.of("transactions")
        assert [part.collect().height for part in parts] == [0, 0, 0, 0]


def test_a_table_is_cut_once_and_one_bucket_is_not_cut(tables, tmp_path):
    with BucketedFacts(tables, buckets(CUSTOMERS, 5), tmp_path / "scratch") as facts:
        facts.of("customers")
        times = [path.stat().st_mtime_ns for path in sorted((tmp_path / "scratch").iterdir())]
        facts.of("customers")
        again = [path.stat().st_mtime_ns for path in sorted((tmp_path / "scratch").iterdir())]
        assert times == again
    with BucketedFacts(tables, buckets(CUSTOMERS, 99), tmp_path / "scratch") as facts:
        assert facts.of("customers")[0].collect().height == 66
        assert not (tmp_path / "scratch").exists()
