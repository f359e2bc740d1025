"""Loading a bank into a real Redis: everything arrives, nothing foreign is touched."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest
from redis import Redis

from feature_repo.contract import contract_digest
from feature_repo.errors import FeaturesAbsent, StoreAddressInvalid
from feature_repo.feast_repository import WRITE_BATCH_ROWS, connection_string, open_store
from feature_repo.online_layout import (
    consent_key,
    decode_consents,
    decode_generation,
    feast_key,
    generation_key,
)
from feature_repo.transforms import ColumnLayout
from model_registry.home import BankIdentity, Home
from service.adapters.feast_layout_reader import DecodedFeatures, FeastLayoutReader
from tests.built_bank import built
from tests.toy_bank import (
    BANK,
    CUSTOMERS,
    DATA_UNTIL,
    PRODUCTS,
    SNAPSHOTS,
    install,
    toy_tables,
)
from training.features.build import build_features
from training.features.online import materialize
from training.features.show import describe

READER = FeastLayoutReader(BANK, len(PRODUCTS))


def read(redis: Redis, customer_id: str) -> DecodedFeatures:
    return READER.decode(redis.hmget(READER.key(customer_id), READER.fields))


def test_a_load_brings_features_consents_and_the_marker(tmp_path, address, redis):
    loaded = materialize(built(tmp_path), address)

    assert loaded.customers == len(CUSTOMERS)
    marker = decode_generation(BANK, redis.get(generation_key(BANK)))
    assert marker.product_vocabulary == list(PRODUCTS)
    for customer in CUSTOMERS:
        assert redis.exists(feast_key(BANK, customer))
        decode_consents(BANK, customer, redis.get(consent_key(BANK, customer)))


def test_a_reload_leaves_nothing_of_a_view_that_has_no_rows_any_more(tmp_path, address, redis):
    materialize(built(tmp_path / "first"), address)
    assert not np.isnan(read(redis, "c01").raw.numbers["event_week"][0])
    remaining = {
        name: table.filter(pl.col("customer_id") != "c01")
        for name, table in toy_tables().items()
        if name in ("events", "holdings")
    }

    materialize(built(tmp_path / "second", **remaining), address)

    raw = read(redis, "c01").raw
    for view in ("customer_engagement", "product_holdings"):
        assert np.isnan(raw.event_days[view][0])
    assert np.isnan(raw.lists["held"]).all()
    assert not np.isnan(raw.event_days["customer_profile"][0])


@pytest.mark.parametrize(
    "change", [{"product_vocabulary": PRODUCTS[::-1]}, {"fingerprint": "f" * 64}]
)
def test_a_load_of_other_data_that_fails_leaves_nothing_to_believe(
    tmp_path, address, redis, change
):
    materialize(built(tmp_path / "first"), address)
    broken = Home(tmp_path / "second")
    broken.write_bank(msgspec.structs.replace(loaded_identity(tmp_path / "first"), **change))

    with pytest.raises(FeaturesAbsent):
        materialize(broken, address)

    assert redis.get(generation_key(BANK)) is None
    assert not redis.exists(feast_key(BANK, "c01"))


def test_features_of_another_contract_are_not_loaded(tmp_path, address, redis):
    home = built(tmp_path)
    record = home.features / "built.json"
    record.write_text(record.read_text().replace(contract_digest(), "0" * 64))

    with pytest.raises(FeaturesAbsent, match="contract"):
        materialize(home, address)

    assert redis.get(generation_key(BANK)) is None


def test_loading_a_corrected_import_of_the_same_days_replaces_the_values(tmp_path, address, redis):
    materialize(built(tmp_path / "first"), address)
    corrected = toy_tables()["customers"].with_columns(income_monthly=pl.lit(123.0))

    materialize(built(tmp_path / "second", customers=corrected), address)

    assert read(redis, "c01").raw.numbers["income_monthly"][0] == 123


def test_a_customer_who_left_is_removed_and_other_banks_are_not(tmp_path, address, redis):
    materialize(built(tmp_path / "first"), address)
    neighbour = feast_key(f"old_nbo_{BANK}", "c00")
    redis.hset(neighbour, "kept", "yes")

    remaining = {
        name: table.filter(pl.col("customer_id") != "c00")
        for name, table in toy_tables().items()
        if name != "products"
    }
    materialize(built(tmp_path / "second", **remaining), address)

    assert not redis.exists(feast_key(BANK, "c00"))
    assert not redis.exists(consent_key(BANK, "c00"))
    assert redis.exists(feast_key(BANK, "c01"))
    assert redis.exists(neighbour)


def test_a_repeated_load_that_fails_leaves_the_former_one_standing(tmp_path, address, redis):
    materialize(built(tmp_path / "first"), address)
    broken = Home(tmp_path / "second")
    broken.write_bank(loaded_identity(tmp_path / "first"))

    with pytest.raises(FeaturesAbsent):
        materialize(broken, address)

    assert redis.get(generation_key(BANK)) is not None


def loaded_identity(root: Path) -> BankIdentity:
    return Home(root).bank()


def test_more_customers_than_one_write_batch_all_arrive(tmp_path, address, redis):
    many = [f"m{number:05d}" for number in range(WRITE_BATCH_ROWS + 7)]
    tables = {
        "customers": pl.DataFrame({"customer_id": many, "observed_on": [SNAPSHOTS[0]] * len(many)}),
        "products": toy_tables()["products"],
        "holdings": toy_tables()["holdings"],
    }
    home = install(tmp_path, tables)
    build_features(home)

    materialize(home, address)

    assert all(redis.exists(feast_key(BANK, customer)) for customer in (many[0], many[-1]))
    assert redis.dbsize() == 3 * (len(many) + len(CUSTOMERS)) + 1


def test_a_customer_is_shown_as_stored_and_as_the_model_sees_her(tmp_path, address, redis):
    materialize(built(tmp_path), address)
    layout = ColumnLayout(PRODUCTS, {"region": ("north", "south")})
    as_of = datetime(DATA_UNTIL.year, DATA_UNTIL.month, DATA_UNTIL.day, tzinfo=UTC)

    raw = read(redis, "c01").raw
    shown = describe(raw, raw, as_of + timedelta(days=3), layout)

    assert json.loads(json.dumps(shown, allow_nan=False)) == shown
    assert shown["views"]["customer_profile"]["age_days"] == pytest.approx(2, abs=0.01)
    assert shown["values"]["region"] in ("north", "south")
    assert shown["customer_columns"]["region"] in (0.0, 1.0)
    assert shown["customer_columns"]["held_card"] == shown["values"]["held"][PRODUCTS.index("card")]
    assert set(shown["product_columns"]) == set(PRODUCTS)


def test_a_store_nobody_applied_is_refused(tmp_path):
    with pytest.raises(FeaturesAbsent, match="nbo features apply"):
        open_store(tmp_path, BANK)


def test_a_store_applied_for_another_bank_is_refused(tmp_path, address):
    home = built(tmp_path)
    materialize(home, address)

    with pytest.raises(FeaturesAbsent, match="bank elsewhere"):
        open_store(home.features, "elsewhere")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://localhost:6380/2", "localhost:6380,db=2"),
        ("redis://cache", "cache:6379"),
        ("rediss://nbo:p%40ss@cache:1", "cache:1,username=nbo,password=p@ss,ssl=true"),
    ],
)
def test_an_address_reads_as_feast_writes_it(url: str, expected: str):
    assert connection_string(url) == expected


def test_an_address_feast_cannot_reach_is_refused():
    with pytest.raises(StoreAddressInvalid, match="NBO_REDIS_URL"):
        connection_string("unix:///tmp/redis.sock")


def test_what_a_list_says_is_what_the_history_says(tmp_path, address, redis):
    home = built(tmp_path)
    materialize(home, address)

    newest = (
        pl.read_parquet(home.features / "customer_transactions.parquet")
        .sort("event_timestamp")
        .unique("customer_id", keep="last")
    )
    for customer, weeks in newest.select("customer_id", "amount_by_category_week").iter_rows():
        ours = read(redis, customer).raw.lists["amount_by_category_week"][0]
        np.testing.assert_array_equal(ours, np.array(weeks, dtype=np.float32))
