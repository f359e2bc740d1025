"""Feature history of a bank small enough to know every right answer."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from feature_repo.contract import CHANNELS, TRANSACTION_CATEGORIES, VIEWS, features_of
from model_registry.home import Home
from tests.toy_bank import DATA_UNTIL, SNAPSHOTS, Tables, install, instant, toy_tables
from training.features.build import build_features
from training.features.calendar import day_number
from training.features.historical import training_frame

JANUARY, FEBRUARY, MARCH, MAY, JUNE = SNAPSHOTS
ACCOUNT, CARD, FUND, LOAN = range(4)


def one_customer(**tables: pl.DataFrame) -> Tables:
    base = toy_tables()
    return {
        "customers": pl.DataFrame({"customer_id": ["anna"], "observed_on": [date(2024, 1, 1)]}),
        "products": base["products"],
        "holdings": snapshots({JANUARY: ["account"]}),
        **tables,
    }


def snapshots(
    held: dict[date, list[str]], unknown: dict[date, list[str]] | None = None
) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "customer_id": ["anna"] * len(held),
            "snapshot_on": list(held),
            "held": list(held.values()),
            "unknown": [(unknown or {}).get(day, []) for day in held],
        },
        schema_overrides={"held": pl.List(pl.String), "unknown": pl.List(pl.String)},
    )


def row(home: Home, view: str, day: date) -> dict[str, Any]:
    history = pl.read_parquet(home.features / f"{view}.parquet")
    found = history.filter(pl.col("event_timestamp").dt.date() == day).to_dicts()
    assert len(found) == 1
    return found[0]


def built(root: Path, **tables: pl.DataFrame) -> Home:
    home = install(root, one_customer(**tables))
    build_features(home)
    return home


def test_lags_are_calendar_months_and_a_month_without_snapshot_is_unknown(tmp_path: Path):
    held = {MARCH: ["account"], MAY: ["account", "card"], JUNE: ["card"]}
    home = built(tmp_path, holdings=snapshots(held))

    june = row(home, "product_holdings", JUNE)
    assert june["held_lag1"][:2] == [1.0, 1.0]
    assert np.isnan(june["held_lag2"]).all()
    assert june["held_lag3"][:2] == [1.0, 0.0]
    assert june["snapshots_seen"] == 3


def test_additions_and_drops_are_dated_by_the_snapshot_that_shows_them(tmp_path: Path):
    held = {JANUARY: ["account"], FEBRUARY: ["account", "card"], MARCH: ["card"], MAY: ["card"]}
    may = row(built(tmp_path, holdings=snapshots(held)), "product_holdings", MAY)

    assert may["added_day"][CARD] == day_number(FEBRUARY)
    assert may["dropped_day"][ACCOUNT] == day_number(MARCH)
    assert np.isnan(may["added_day"][ACCOUNT])
    assert may["added_count"] == [0.0, 1.0, 0.0, 0.0]
    assert may["ever_held"] == [1.0, 1.0, 0.0, 0.0]


def test_an_unknown_state_is_neither_held_nor_dropped(tmp_path: Path):
    held = {JANUARY: ["account"], FEBRUARY: [], MARCH: ["account"]}
    home = built(tmp_path, holdings=snapshots(held, {FEBRUARY: ["account"]}))

    assert np.isnan(row(home, "product_holdings", FEBRUARY)["held"][ACCOUNT])
    march = row(home, "product_holdings", MARCH)
    assert march["added_count"][ACCOUNT] == 0
    assert np.isnan(march["dropped_day"][ACCOUNT])


def test_a_profile_holds_from_the_day_it_was_observed(tmp_path: Path):
    customers = pl.DataFrame(
        {
            "customer_id": ["anna", "anna"],
            "observed_on": [FEBRUARY, FEBRUARY + timedelta(days=1)],
            "region": ["north", "south"],
            "is_active": [True, None],
        }
    )
    home = built(tmp_path, customers=customers)

    history = pl.read_parquet(home.features / "customer_profile.parquet")
    assert history["event_timestamp"].dt.date().min() == FEBRUARY
    assert row(home, "customer_profile", FEBRUARY)["region"] == "north"
    march = row(home, "customer_profile", MARCH)
    assert march["region"] == "south"
    assert np.isnan(march["is_active"])


def transactions(*facts: tuple[date, float, str]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "transaction_id": [f"t{i}" for i in range(len(facts))],
            "customer_id": ["anna"] * len(facts),
            "occurred_at": [instant(day) for day, _, _ in facts],
            "amount": [amount for _, amount, _ in facts],
            "category": [category for _, _, category in facts],
        }
    )


def test_transactions_fall_into_the_week_and_category_they_happened_in(tmp_path: Path):
    facts = transactions(
        (JANUARY, -30.0, "rent"),
        (JANUARY, 100.0, "salary"),
        (JANUARY - timedelta(days=7), -5.0, "lottery"),
    )
    january = row(built(tmp_path, transactions=facts), "customer_transactions", JANUARY)

    assert january["transaction_week"] == day_number(JANUARY) // 7
    assert january["inflow_by_week"] == [0.0] * 12 + [100.0]
    assert january["outflow_by_week"] == [0.0] * 11 + [5.0, 30.0]
    assert january["transactions_by_week"][-2:] == [1.0, 2.0]
    by_category = np.reshape(january["amount_by_category_week"], (-1, 13))
    assert by_category[TRANSACTION_CATEGORIES.index("rent"), -1] == 30
    assert by_category[TRANSACTION_CATEGORIES.index("other"), -2] == 5
    assert by_category.sum() == 135
    assert january["category_last_day"][TRANSACTION_CATEGORIES.index("rent")] == day_number(JANUARY)


def test_an_inflow_above_three_usual_months_is_large(tmp_path: Path):
    start = date(2024, 1, 2)
    facts = transactions(
        (start, 1_000.0, "salary"),
        (start + timedelta(days=31), 1_000.0, "salary"),
        (start + timedelta(days=62), 5_000.0, "transfer_in"),
    )
    home = built(tmp_path, transactions=facts)

    assert np.isnan(row(home, "customer_transactions", FEBRUARY)["large_inflow_day"])
    march = row(home, "customer_transactions", MARCH)
    assert march["large_inflow_day"] == day_number(start) + 62
    assert march["large_inflow_amount"] == 5_000


def test_views_of_facts_have_a_row_on_the_day_the_facts_end(tmp_path: Path):
    facts = transactions((DATA_UNTIL, -30.0, "rent"))
    home = built(tmp_path, transactions=facts)

    history = pl.read_parquet(home.features / "customer_transactions.parquet")
    assert history["event_timestamp"].dt.date().to_list() == [DATA_UNTIL]


def test_events_are_counted_by_channel_and_product(tmp_path: Path):
    events = pl.DataFrame(
        {
            "event_id": ["e1", "e2", "e3"],
            "customer_id": ["anna"] * 3,
            "occurred_at": [instant(JANUARY, hour) for hour in (8, 9, 10)],
            "channel": ["mobile_app", "mobile_app", "branch"],
            "type": ["bank.product.viewed", "bank.product.viewed", "bank.branch.enquiry"],
            "product_id": ["fund", "a product nobody sells", "loan"],
        }
    )
    january = row(built(tmp_path, events=events), "customer_engagement", JANUARY)

    assert january["events_by_channel"][CHANNELS.index("mobile_app")] == 2
    assert january["viewed_count"] == [0.0, 0.0, 1.0, 0.0]
    assert january["enquired_day"][LOAN] == day_number(JANUARY)
    assert np.isnan(january["enquired_day"][FUND])
    assert january["events_by_week"][-1] == 3


def test_a_reaction_is_known_from_its_own_instant_on(tmp_path: Path):
    contacts = pl.DataFrame(
        {
            "contact_id": ["k1", "k2"],
            "customer_id": ["anna"] * 2,
            "offer_id": ["o1", "o2"],
            "product_id": ["fund", "card"],
            "channel": ["mobile_app"] * 2,
            "shown_at": [instant(JANUARY)] * 2,
            "outcome": ["accept", "reject"],
            "outcome_at": [instant(JANUARY + timedelta(days=1)), None],
        }
    )
    home = built(tmp_path, contacts=contacts)

    january, february = (row(home, "contact_history", day) for day in (JANUARY, FEBRUARY))
    assert january["shown_count"] == [0.0, 1.0, 1.0, 0.0]
    assert np.isnan(january["accepted_day"]).all()
    assert february["accepted_day"][FUND] == day_number(JANUARY) + 1
    assert np.isnan(february["rejected_day"]).all()


def test_a_table_the_bank_lacks_leaves_a_view_empty_but_whole(tmp_path: Path):
    home = built(tmp_path)

    for view in VIEWS:
        history = pl.read_parquet(home.features / f"{view.name}.parquet")
        assert set(history.columns) >= {feature.name for feature in features_of(view.name)}
    assert len(pl.read_parquet(home.features / "customer_transactions.parquet")) == 0


def test_popularity_counts_the_additions_of_recent_label_months(tmp_path: Path):
    held = {JANUARY: ["account"], FEBRUARY: ["account", "card"], MARCH: ["account", "card"]}
    home = built(tmp_path, holdings=snapshots(held))

    assert np.isnan(row(home, "product_affinity", JANUARY)["popularity"]).all()
    assert row(home, "product_affinity", FEBRUARY)["popularity"] == [0.0, 1.0, 0.0, 0.0]
    assert row(home, "product_affinity", MARCH)["popularity"] == [0.0, 0.5, 0.0, 0.0]


def test_rows_before_since_are_not_written_but_counted(tmp_path: Path):
    held = {JANUARY: [], FEBRUARY: ["card"], MARCH: ["card"]}
    home = install(tmp_path, one_customer(holdings=snapshots(held)))

    build_features(home, since=MARCH)

    history = pl.read_parquet(home.features / "product_holdings.parquet")
    assert history["event_timestamp"].dt.date().to_list() == [MARCH]
    assert history["added_day"][0][CARD] == day_number(FEBRUARY)


def test_a_training_set_is_sorted_and_unknown_where_nothing_was_known(tmp_path: Path):
    home = built(tmp_path, transactions=transactions((FEBRUARY, -30.0, "rent")))
    spine = pl.DataFrame(
        {"customer_id": ["anna", "zoe", "anna"], "as_of": [FEBRUARY, JANUARY, JANUARY]}
    )

    raw = training_frame(home, spine)

    assert raw.count == 3
    np.testing.assert_array_equal(raw.lists["held"][:, ACCOUNT], [1.0, np.nan, 1.0])
    np.testing.assert_array_equal(
        np.isnan(raw.event_days["customer_transactions"]), [True, True, False]
    )
    # February has no snapshot of hers: the newest known one is January's.
    assert (
        np.floor(raw.event_days["product_holdings"][[0, 2]]).tolist() == [day_number(JANUARY)] * 2
    )


def test_a_spine_that_repeats_a_pair_is_refused(tmp_path: Path):
    home = built(tmp_path)
    spine = pl.DataFrame({"customer_id": ["anna"] * 2, "as_of": [JANUARY] * 2})

    with pytest.raises(ValueError, match="twice"):
        training_frame(home, spine)


def test_many_chunks_give_what_one_gives(tmp_path: Path):
    home = install(tmp_path, toy_tables())
    build_features(home)
    spine = pl.DataFrame({"customer_id": [f"c{n:02d}" for n in range(30)]}).join(
        pl.DataFrame({"as_of": [MARCH, JUNE]}), how="cross"
    )
    whole = training_frame(home, spine)

    shuffled = spine.sample(fraction=1.0, shuffle=True, seed=1)
    chunked = training_frame(home, shuffled, chunk_rows=13)

    for name, values in whole.lists.items():
        assert values.tobytes() == chunked.lists[name].tobytes()
    assert whole.categories["region"].tolist() == chunked.categories["region"].tolist()


def test_buckets_of_customers_change_nothing(tmp_path: Path):
    whole, split = (install(tmp_path / name, toy_tables()) for name in ("whole", "split"))
    build_features(whole)
    build_features(split, bucket_customers=7)

    for view in VIEWS:
        order = ["event_timestamp", "customer_id"]
        one, many = (
            pl.read_parquet(home.features / f"{view.name}.parquet").sort(order)
            for home in (whole, split)
        )
        assert one.equals(many)
