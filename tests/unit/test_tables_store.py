"""The store reads, replaces and types the tables of a home."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from model_registry.home import Home
from training.tables.errors import TableAbsent, TableInvalid
from training.tables.schema import TABLES
from training.tables.store import TableStore


@pytest.fixture
def store(tmp_path: Path) -> TableStore:
    return TableStore(Home(tmp_path))


def _holdings(*rows: tuple[str, date]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "customer_id": [customer for customer, _ in rows],
            "snapshot_on": [day for _, day in rows],
            "held": [["a"]] * len(rows),
        }
    )


def test_writes_in_canonical_types_and_order(store: TableStore) -> None:
    store.write("holdings", _holdings(("2", date(2016, 2, 28)), ("1", date(2016, 2, 28)),
                                      ("3", date(2016, 1, 28))))  # fmt: skip
    table = store.scan("holdings").collect()
    assert table.schema == pl.Schema(TABLES["holdings"].dtypes)
    assert table["customer_id"].to_list() == ["3", "1", "2"]
    assert table["unknown"].to_list() == [None, None, None]


def test_keeps_the_order_of_products(store: TableStore) -> None:
    rows = {"product_id": ["b", "a"], "name": ["B", "A"], "group": ["g", "g"]}
    store.write("products", pl.DataFrame(rows))
    assert store.scan("products").collect()["product_id"].to_list() == ["b", "a"]


def test_appending_reads_back_like_writing(store: TableStore) -> None:
    first, second = _holdings(("2", date(2016, 1, 28))), _holdings(("1", date(2016, 2, 28)))
    with store.appending("holdings") as holdings:
        holdings.append(first)
        holdings.append(second)
    appended = store.scan("holdings").collect()
    store.write("holdings", pl.concat([second, first]))
    assert appended.equals(store.scan("holdings").collect())


def test_an_absent_optional_table_is_empty_and_typed(store: TableStore) -> None:
    assert not store.has("contacts")
    contacts = store.scan("contacts").collect()
    assert contacts.is_empty()
    assert contacts.schema == pl.Schema(TABLES["contacts"].dtypes)


def test_an_absent_mandatory_table_says_what_to_run(store: TableStore) -> None:
    with pytest.raises(TableAbsent, match=r"no table customers in .*run `nbo data simulate`"):
        store.scan("customers")


def test_names_only_the_tables_there_are(store: TableStore) -> None:
    store.write("holdings", _holdings(("1", date(2016, 1, 28))))
    store.write("events", TABLES["events"].empty())
    assert store.names() == ("holdings", "events")


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pl.DataFrame({"customer_id": ["1"]}), r"lacks the column\(s\) snapshot_on, held"),
        (_holdings(("1", date(2016, 1, 28))).with_columns(x=1), r"has no column\(s\) x"),
        (
            _holdings(("1", date(2016, 1, 28))).with_columns(snapshot_on=pl.lit("soon")),
            "column of the wrong type",
        ),
    ],
)
def test_a_wrong_frame_is_refused_and_the_old_table_stays(store, frame, message) -> None:
    store.write("holdings", _holdings(("1", date(2016, 1, 28))))
    with pytest.raises(TableInvalid, match=message):
        store.write("holdings", frame)
    assert store.scan("holdings").collect().height == 1
    assert [path.name for path in store.path("holdings").parent.iterdir()] == ["holdings.parquet"]


def test_refuses_a_table_that_is_not_canonical(store: TableStore) -> None:
    with pytest.raises(TableInvalid, match="no canonical table is called accounts"):
        store.has("accounts")
