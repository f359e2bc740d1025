"""The bulk loader against Feast itself: the same rows, two databases, compared byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from redis import Redis

from feature_repo.contained_feast import quiet_feast
from feature_repo.contract import FEATURES, VIEWS, Kind, features_of, list_length
from feature_repo.feast_repository import open_store
from feature_repo.online_layout import customer_of_key, feast_key
from feature_repo.views import SERVICE, source_path
from model_registry.home import Home
from tests.built_bank import built
from tests.redis_server import private_redis
from tests.toy_bank import BANK, PRODUCTS, SNAPSHOTS
from training.features.calendar import end_of_day
from training.features.feast_registry import loaded_interval, materialize_with_feast
from training.features.online import materialize
from training.features.view_writer import view_schema

CUSTOMERS = [
    "c01",
    "c02",
    "José",
    "张伟",
    "o'neil \\ \r\n$5",
    "🙂",
    "x" * 300,
    *map(str, range(40)),
]
TEXTS = [None, "", "north", "Île-de-France", "上海", "a\r\nb", "y" * 200, "\x00"]
NUMBERS = [None, float("nan"), 0.0, -0.0, 1.5, -3.25, float("inf"), -float("inf"), 1e-45, 3e38]


def value(rng: np.random.Generator, kind: Kind) -> Any:
    if kind is Kind.CATEGORY:
        return TEXTS[rng.integers(len(TEXTS))]
    if kind is Kind.NUMBER:
        return NUMBERS[rng.integers(len(NUMBERS))]
    shape = rng.integers(6)
    if shape == 0:
        return None
    length = 0 if shape == 1 else list_length(kind, len(PRODUCTS)) + int(shape == 2)
    return [NUMBERS[drawn] for drawn in rng.integers(1, len(NUMBERS), length)]


def history(view: str, seed: int) -> pa.Table:
    """Rows in no order; every customer lacks some instants, and one in three the whole view."""
    rng = np.random.default_rng(seed)
    rows = []
    for customer in rng.permutation(CUSTOMERS)[len(CUSTOMERS) // 3 :].tolist():
        for snapshot in SNAPSHOTS[: rng.integers(1, len(SNAPSHOTS) + 1)]:
            event = end_of_day(snapshot) - timedelta(microseconds=int(rng.integers(2)))
            for created in (event, event + timedelta(hours=1)):
                values = {f.name: value(rng, f.kind) for f in features_of(view)}
                stamps = {"event_timestamp": event, "created_timestamp": created}
                rows.append({"customer_id": customer, **stamps, **values})
    order = rng.permutation(len(rows)).tolist()
    return pa.Table.from_pylist([rows[place] for place in order], schema=view_schema(view))


@dataclass
class Loads:
    home: Home
    by_feast: Redis
    in_bulk: Redis
    feast_url: str
    bulk_url: str


@pytest.fixture(scope="module")
def loads(tmp_path_factory) -> Iterator[Loads]:
    home = built(tmp_path_factory.mktemp("home"))
    for seed, view in enumerate(VIEWS):
        path = source_path(home.features, view.name)
        pq.write_table(history(view.name, seed), path, row_group_size=17)
    with private_redis() as url:
        feast_url, bulk_url = url, url.removesuffix("0") + "1"
        materialize_with_feast(home, feast_url)
        materialize(home, bulk_url)
        with Redis.from_url(feast_url) as by_feast, Redis.from_url(bulk_url) as in_bulk:
            yield Loads(home, by_feast, in_bulk, feast_url, bulk_url)


def hashes(redis: Redis) -> dict[str, dict[bytes, bytes]]:
    customers = {key: customer_of_key(BANK, key) for key in redis.scan_iter()}
    return {name: redis.hgetall(key) for key, name in customers.items() if name is not None}


def test_every_key_field_and_byte_is_the_same(loads: Loads):
    by_feast, in_bulk = hashes(loads.by_feast), hashes(loads.in_bulk)

    assert set(in_bulk) == set(by_feast) == set(CUSTOMERS)
    assert in_bulk == by_feast


def test_the_bank_compared_holds_what_is_hard(loads: Loads):
    stored = hashes(loads.in_bulk)
    fields = [len(found) for found in stored.values()]
    values = {value for found in stored.values() for value in found.values()}

    assert min(fields) < max(fields) == len(FEATURES) + len(VIEWS)
    assert {b"", b"\x12\x00", b"\x82\x01\x00", b"\x35\x00\x00\x00\x80"} <= values
    assert any("上海".encode() in value for value in values)


def test_feast_reads_from_the_bulk_load_what_it_would_have_loaded(loads: Loads):
    by_feast = open_store(loads.home.features, BANK, loads.feast_url)
    in_bulk = open_store(loads.home.features, BANK, loads.bulk_url)
    rows = [{"customer_id": customer} for customer in (*CUSTOMERS, "nobody")]

    read, expected = (
        store.get_online_features(store.get_feature_service(SERVICE), rows).to_dict()
        for store in (in_bulk, by_feast)
    )

    assert read.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_equal(read[name], values)


def test_the_registry_says_what_was_loaded_and_that_it_can_be_read(tmp_path, loads: Loads):
    home = built(tmp_path)
    materialize(home, loads.bulk_url.removesuffix("1") + "2")

    views = open_store(home.features, BANK).list_feature_views()
    assert [view.name for view in views] != []
    for view in views:
        assert view.materialization_intervals == [loaded_interval(home)]
        assert view.state.name == "AVAILABLE_ONLINE"


def test_feast_goes_on_where_the_bulk_load_ended(tmp_path, loads: Loads):
    home, url = built(tmp_path), loads.bulk_url.removesuffix("1") + "3"
    materialize(home, url)
    store = open_store(home.features, BANK, url)
    with Redis.from_url(url) as redis:
        before = redis.hgetall(feast_key(BANK, "c01"))

        with quiet_feast():
            store.materialize_incremental(datetime.now(UTC))

        assert redis.hgetall(feast_key(BANK, "c01")) == before
