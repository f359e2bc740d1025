"""A table's digest follows from its values, not from how they came or lie in the file."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model_registry.home import Home
from training.importers.identity import fingerprint
from training.progress import silent
from training.tables import table_digest
from training.tables.schema import TABLES
from training.tables.store import TableStore
from training.tables.table_digest import TableDigest

COUNT = 50
HOLDINGS = pl.DataFrame(
    {
        "customer_id": [f"c{n:03d}" for n in range(COUNT)],
        "snapshot_on": [date(2016, 1, 28)] * COUNT,
        "held": [["a", "b"][: n % 3] for n in range(COUNT)],
        "unknown": [None if n % 4 else ["c"] for n in range(COUNT)],
    },
    schema=TABLES["holdings"].dtypes,
)
CUSTOMERS = pl.DataFrame(
    {
        "customer_id": [f"c{n:03d}" for n in range(COUNT)],
        "observed_on": [date(2016, 1, 28)] * COUNT,
        "income_monthly": [None if n % 5 == 0 else n * 0.5 for n in range(COUNT)],
        "is_active": [None if n % 3 == 0 else n % 2 == 0 for n in range(COUNT)],
        "region": [None if n % 7 == 0 else f"r{n}" for n in range(COUNT)],
    }
)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_digest, "BLOCK_ROWS", 8)


def digest(name: str, frame: pl.DataFrame, *, part_rows: int = 1000) -> str:
    rows = TABLES[name].conform(frame.lazy()).collect()
    taken = TableDigest(TABLES[name])
    for part in rows.iter_slices(part_rows):
        taken.add(part.to_arrow(compat_level=pl.CompatLevel.oldest()))
    return taken.hexdigest()


@pytest.mark.parametrize(("name", "frame"), [("holdings", HOLDINGS), ("customers", CUSTOMERS)])
@pytest.mark.parametrize("part_rows", [1, 3, 8, 9, 49])
def test_parts_of_any_size_give_the_digest_of_the_whole(name, frame, part_rows):
    assert digest(name, frame, part_rows=part_rows) == digest(name, frame)


@pytest.mark.parametrize(
    "changed",
    [
        CUSTOMERS.with_columns(region=pl.col("region").fill_null("")),
        CUSTOMERS.with_columns(income_monthly=pl.col("income_monthly").fill_null(0.0)),
        CUSTOMERS.with_columns(is_active=pl.col("is_active").fill_null(value=False)),
        CUSTOMERS.with_columns(region=pl.lit("x"), gender=pl.col("region")),
        CUSTOMERS.head(COUNT - 1),
        CUSTOMERS.reverse(),
    ],
)
def test_another_value_another_digest(changed: pl.DataFrame):
    assert digest("customers", changed) != digest("customers", CUSTOMERS)


def test_letters_moved_between_texts_change_the_digest():
    one, other = (CUSTOMERS.with_columns(region=pl.Series(["ab", "c"] * 25)),
                  CUSTOMERS.with_columns(region=pl.Series(["a", "bc"] * 25)))  # fmt: skip
    assert digest("customers", one) != digest("customers", other)


def test_products_moved_between_customers_change_the_digest():
    moved = [["a", "b"], *HOLDINGS["held"].to_list()[1:]]
    moved[2] = []
    changed = HOLDINGS.with_columns(held=pl.Series(moved, dtype=pl.List(pl.String)))
    assert digest("holdings", changed) != digest("holdings", HOLDINGS)
    none = HOLDINGS.with_columns(unknown=pl.col("unknown").fill_null([]))
    assert digest("holdings", none) != digest("holdings", HOLDINGS)


def test_the_layout_of_the_file_does_not_matter(tmp_path: Path):
    store = TableStore(Home(tmp_path))
    store.write("holdings", HOLDINGS)
    before = store.digest("holdings")
    rows = pq.read_table(store.path("holdings"))
    pq.write_table(rows, store.path("holdings"), row_group_size=7, compression="none")
    assert TableStore(Home(tmp_path)).digest("holdings") == before


def test_what_was_appended_is_not_read_again_and_has_the_digest_of_its_file(tmp_path: Path):
    store, read = TableStore(Home(tmp_path)), []
    with store.appending("holdings") as holdings:
        holdings.append(HOLDINGS[:20])
        holdings.append_in_order(pa.table(HOLDINGS[20:].to_arrow()))
    appended = store.digest("holdings", lambda *step: read.append(step))
    assert not read
    assert (
        TableStore(Home(tmp_path)).digest("holdings", lambda *step: read.append(step)) == appended
    )
    assert read == [("fingerprint of holdings", COUNT, COUNT)]


def test_a_replaced_table_has_a_digest_of_its_own(tmp_path: Path):
    store = TableStore(Home(tmp_path))
    with store.appending("holdings") as holdings:
        holdings.append(HOLDINGS)
    before = fingerprint(store, silent)
    store.write("holdings", HOLDINGS.head(3))
    assert fingerprint(store, silent) != before
