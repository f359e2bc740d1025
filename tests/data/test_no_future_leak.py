"""Whatever happens after a snapshot, no feature of that snapshot or an earlier one changes."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from feature_repo.contract import VIEWS
from model_registry.home import Home
from tests.toy_bank import CUSTOMERS, PRODUCTS, SNAPSHOTS, Tables, install, toy_tables
from training.features.build import build_features
from training.features.calendar import end_of_day
from training.features.historical import training_frame

CUTS = SNAPSHOTS[1:4]


def other_future(tables: Tables, cut: date) -> Tables:
    """The same bank until the end of the day `cut`, and a quite different one from then on."""
    end = pl.lit(end_of_day(cut)).cast(pl.Datetime("us", "UTC"))
    someone_else = pl.col("customer_id").reverse()
    return {
        **tables,
        "customers": _altered(
            tables["customers"],
            pl.col("observed_on") > cut,
            income_monthly=pl.col("income_monthly") * 9,
            region=pl.lit("elsewhere"),
        ),
        "holdings": _altered(
            tables["holdings"],
            pl.col("snapshot_on") > cut,
            held=pl.lit(list(PRODUCTS)),
            unknown=pl.lit([], dtype=pl.List(pl.String)),
        ),
        "transactions": _altered(
            tables["transactions"],
            pl.col("occurred_at") > end,
            occurred_at=end + timedelta(microseconds=1),
            amount=pl.lit(1e6),
            category=pl.lit("salary"),
            customer_id=someone_else,
        ),
        "events": _altered(
            tables["events"],
            pl.col("occurred_at") > end,
            occurred_at=end + timedelta(microseconds=1),
            type=pl.lit("bank.product.viewed"),
            product_id=pl.lit("loan"),
            customer_id=someone_else,
        ),
        "contacts": _altered(
            _altered(
                tables["contacts"],
                pl.col("outcome_at") > end,
                outcome=pl.lit("accept"),
                outcome_at=end + timedelta(microseconds=1),
            ),
            pl.col("shown_at") > end,
            shown_at=end + timedelta(microseconds=1),
            outcome_at=end + timedelta(days=1),
            product_id=pl.lit("loan"),
            customer_id=someone_else,
        ),
        "consents": _altered(
            tables["consents"], pl.col("recorded_at") > end, status=pl.lit("refused")
        ),
    }


def _altered(table: pl.DataFrame, is_future: pl.Expr, **changes: pl.Expr) -> pl.DataFrame:
    past, future = table.filter(~is_future.fill_null(value=False)), table.filter(is_future)
    return pl.concat([past, future.with_columns(**changes).cast(dict(table.schema))])


@pytest.fixture(scope="module")
def as_it_was(tmp_path_factory) -> Home:
    home = install(tmp_path_factory.mktemp("was"), toy_tables())
    build_features(home)
    return home


@pytest.fixture(scope="module", params=CUTS, ids=str)
def cut_and_other(request, tmp_path_factory) -> tuple[date, Home]:
    tables = other_future(toy_tables(), request.param)
    home = install(tmp_path_factory.mktemp("other"), tables)
    build_features(home)
    return request.param, home


def history(home: Home, view: str) -> pl.DataFrame:
    return pl.read_parquet(home.features / f"{view}.parquet")


@pytest.mark.parametrize("view", [view.name for view in VIEWS])
def test_rows_until_a_snapshot_do_not_know_what_follows(
    as_it_was: Home, cut_and_other: tuple[date, Home], view: str
):
    cut, other = cut_and_other
    until = pl.col("event_timestamp") <= end_of_day(cut)
    was, now = history(as_it_was, view), history(other, view)

    assert len(was.filter(until)) > 0
    assert was.filter(until).equals(now.filter(until))
    assert not was.filter(~until).equals(now.filter(~until))


def test_a_training_set_at_a_snapshot_does_not_know_what_follows(
    as_it_was: Home, cut_and_other: tuple[date, Home]
):
    cut, other = cut_and_other
    spine = pl.DataFrame({"customer_id": CUSTOMERS}).with_columns(as_of=pl.lit(cut))
    was, now = training_frame(as_it_was, spine), training_frame(other, spine)

    for before, after in ((was.numbers, now.numbers), (was.lists, now.lists)):
        assert {k: v.tobytes() for k, v in before.items()} == {
            k: v.tobytes() for k, v in after.items()
        }
    assert {k: v.tolist() for k, v in was.categories.items()} == {
        k: v.tolist() for k, v in now.categories.items()
    }


def test_features_do_not_depend_on_the_order_of_the_input_rows(as_it_was: Home, tmp_path: Path):
    # The order of the products is the vocabulary and therefore no accident.
    shuffled = {
        name: table if name == "products" else table.sample(fraction=1.0, shuffle=True, seed=5)
        for name, table in toy_tables().items()
    }
    home = install(tmp_path, shuffled)

    build_features(home)

    for view in VIEWS:
        name = f"{view.name}.parquet"
        assert (home.features / name).read_bytes() == (as_it_was.features / name).read_bytes()
