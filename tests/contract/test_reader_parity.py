"""The service's own reader against Feast itself, on hashes that Feast wrote into a real Redis."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import prometheus_client.values
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from feature_repo.contract import FEATURES, VIEWS, Kind, features_of, list_length
from feature_repo.online_layout import timestamp_field
from feature_repo.views import SERVICE
from service.adapters.feast_layout_reader import DecodedFeatures, FeastLayoutReader
from tests.redis_server import private_redis
from tests.toy_bank import BANK, CUSTOMERS, PRODUCTS, install, toy_tables
from training.features.build import build_features
from training.features.online import materialize
from training.features.registration import apply

NEWEST = datetime(2030, 1, 1, tzinfo=UTC)
READER = FeastLayoutReader(BANK, len(PRODUCTS))

floats = st.floats(width=32, allow_infinity=False) | st.just(float("nan"))
texts = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
customer_ids = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@dataclass
class Online:
    store: Any
    redis: Redis
    written: int = 0

    def feast_reads(self, customer_id: str) -> dict[str, Any]:
        service = self.store.get_feature_service(SERVICE)
        rows = [{"customer_id": customer_id}]
        return self.store.get_online_features(features=service, entity_rows=rows).to_dict()

    def we_read(self, customer_id: str) -> DecodedFeatures:
        return READER.decode(self.redis.hmget(READER.key(customer_id), READER.fields))

    def write(self, view: str, customer_id: str, values: dict[str, Any]) -> datetime:
        self.written += 1
        event = NEWEST + timedelta(microseconds=1_234_567 * self.written)
        stamps = {"event_timestamp": event, "created_timestamp": event}
        frame = pd.DataFrame([{"customer_id": customer_id, **stamps, **values}])
        self.store.write_to_online_store(view, df=frame)
        return event


@pytest.fixture(scope="module")
def online(tmp_path_factory) -> Iterator[Online]:
    home = install(tmp_path_factory.mktemp("home"), toy_tables())
    build_features(home)
    with private_redis() as url:
        materialize(home, url)
        with Redis.from_url(url) as redis:
            yield Online(apply(home, url), redis)


def assert_equal(ours: DecodedFeatures, feast: dict[str, Any]) -> None:
    assert ours.undecodable == ()
    for feature in FEATURES:
        theirs = feast[feature.name][0]
        if feature.kind is Kind.CATEGORY:
            assert ours.raw.categories[feature.name][0] == theirs
            continue
        single = feature.kind is Kind.NUMBER
        mine = (ours.raw.numbers if single else ours.raw.lists)[feature.name].reshape(-1)
        unknown = np.nan if single else [np.nan] * list_length(feature.kind, len(PRODUCTS))
        expected = np.array(unknown if theirs is None else theirs, dtype=np.float32).reshape(-1)
        np.testing.assert_array_equal(mine, expected, err_msg=feature.name, strict=True)
        if single:
            np.testing.assert_array_equal(ours.raw.number(feature.name), float(expected[0]))


def test_what_a_load_brought_online_reads_the_same(online: Online):
    for customer_id in CUSTOMERS:
        assert_equal(online.we_read(customer_id), online.feast_reads(customer_id))


def test_what_a_load_brought_online_is_not_empty(online: Online):
    raw = online.we_read(CUSTOMERS[0]).raw

    assert all(not np.isnan(days[0]) for days in raw.event_days.values())
    assert all(not np.isnan(values).all() for name, values in raw.lists.items() if name == "held")


def value_of(kind: Kind) -> st.SearchStrategy[Any]:
    if kind is Kind.CATEGORY:
        return texts
    if kind is Kind.NUMBER:
        return st.none() | floats
    length = list_length(kind, len(PRODUCTS))
    return st.none() | st.lists(floats, min_size=length, max_size=length)


def is_known(value: Any) -> bool:
    return isinstance(value, (str, list)) or not pd.isna(value)


# Feast's single-row write refuses a row of nothing but nulls.
rows = st.sampled_from(VIEWS).flatmap(
    lambda view: st.tuples(
        st.just(view.name),
        st.fixed_dictionaries({f.name: value_of(f.kind) for f in features_of(view.name)}).filter(
            lambda values: any(map(is_known, values.values()))
        ),
    )
)


@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(customer_id=customer_ids, row=rows)
def test_whatever_feast_writes_reads_the_same(online: Online, customer_id: str, row):
    view, values = row

    event = online.write(view, customer_id, values)

    ours = online.we_read(customer_id)
    assert_equal(ours, online.feast_reads(customer_id))
    assert ours.raw.event_days[view][0] == pytest.approx(event.timestamp() / 86_400, abs=1e-10)


def test_an_unknown_customer_has_nothing(online: Online):
    ours = online.we_read("nobody")

    assert_equal(ours, online.feast_reads("nobody"))
    assert all(np.isnan(days[0]) for days in ours.raw.event_days.values())


@pytest.mark.parametrize("view", [view.name for view in VIEWS])
@pytest.mark.parametrize(
    "damage", [b"\x00", b"\x12\x01x\x00", b"\x35\x00\x00", b"\x82\x01\x02\x0a\x00"]
)
def test_a_view_with_a_damaged_value_is_missing_and_the_others_stand(
    online: Online, view: str, damage: bytes
):
    values = online.redis.hmget(READER.key(CUSTOMERS[0]), READER.fields)
    intact = READER.decode(values).raw
    place = READER.fields.index(timestamp_field(view)) - 1
    values[place] = damage

    decoded = READER.decode(values)

    assert decoded.undecodable == (view,)
    assert np.isnan(decoded.raw.event_days[view][0])
    for feature in FEATURES:
        if feature.kind not in (Kind.NUMBER, Kind.CATEGORY):
            mine = decoded.raw.lists[feature.name]
            if feature.view == view:
                assert np.isnan(mine).all()
            else:
                np.testing.assert_array_equal(mine, intact.lists[feature.name])


def test_a_damaged_timestamp_makes_its_view_missing(online: Online):
    values = online.redis.hmget(READER.key(CUSTOMERS[0]), READER.fields)
    values[READER.fields.index(timestamp_field("product_holdings"))] = b"\xff"

    assert READER.decode(values).undecodable == ("product_holdings",)


def test_lists_of_another_vocabulary_are_undecodable(online: Online):
    other = FeastLayoutReader(BANK, len(PRODUCTS) + 1)
    values = online.redis.hmget(other.key(CUSTOMERS[0]), other.fields)

    assert "product_holdings" in other.decode(values).undecodable


def test_reading_leaves_the_prometheus_mode_of_the_process_alone(online: Online):
    assert "PROMETHEUS_MULTIPROCESS_DIR" not in os.environ
    assert "PROMETHEUS_MULTIPROC_DIR" not in os.environ
    assert prometheus_client.values.ValueClass.__name__ == "MutexValue"
