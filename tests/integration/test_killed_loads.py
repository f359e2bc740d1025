"""A load killed at any point offers nothing it should not, and the next one repairs everything."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from redis import Redis

from feature_repo.online_layout import generation_key
from model_registry.failpoints import FAILPOINTS
from model_registry.home import Home
from tests.built_bank import built
from tests.killed_child import killed_at
from tests.toy_bank import BANK, toy_tables
from training.features import bulk_loader, online_consents, online_contacts
from training.features.online import materialize

POINTS = [point for point in FAILPOINTS if point.startswith("materialize.")]
CLEARING = {"materialize.before_clear", "materialize.mid_clear"}
MARKER = generation_key(BANK).encode()

Contents = dict[bytes, object]


def load_in_small_batches(root: Path, address: str) -> None:
    """For a child only: what it sets is gone with it."""
    bulk_loader.BATCH_ROWS = online_consents.BATCH_CUSTOMERS = 7
    online_contacts.BATCH_CUSTOMERS = 7
    materialize(Home(root), address)


def contents(redis: Redis) -> Contents:
    """All keys and values but the marker, whose generation tells every load from the next."""
    keys = [key for key in redis.scan_iter() if key != MARKER]
    return {k: redis.hgetall(k) if redis.type(k) == b"hash" else redis.get(k) for k in keys}


@pytest.fixture(scope="module")
def former(tmp_path_factory) -> Home:
    """A bank in which c00 is a customer of whom a consent is known."""
    return built(tmp_path_factory.mktemp("former"))


@pytest.fixture(scope="module")
def current(tmp_path_factory) -> Home:
    """The same bank later, without c00 and with other incomes."""
    tables = {
        name: table.filter(pl.col("customer_id") != "c00")
        for name, table in toy_tables().items()
        if name != "products"
    }
    tables["customers"] = tables["customers"].with_columns(income_monthly=pl.lit(7.0))
    return built(tmp_path_factory.mktemp("current"), **tables)


@pytest.fixture(scope="module")
def whole(address: str, current: Home) -> Contents:
    """What a load of the current bank that nobody kills leaves in an empty Redis."""
    with Redis.from_url(address) as redis:
        redis.flushdb()
        materialize(current, address)
        return contents(redis)


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_load_of_other_data_leaves_no_marker_and_the_next_one_repairs_all(
    whole, address, redis, former, current, point
):
    materialize(former, address)
    assert contents(redis) != whole

    killed_at(point, load_in_small_batches, current.root, address)
    assert redis.get(MARKER) is None

    materialize(current, address)
    assert contents(redis) == whole
    assert redis.get(MARKER) is not None


@pytest.mark.parametrize("point", [point for point in POINTS if point not in CLEARING])
def test_a_killed_repetition_leaves_the_former_load_whole(whole, address, redis, current, point):
    materialize(current, address)
    marker = redis.get(MARKER)

    killed_at(point, load_in_small_batches, current.root, address)

    assert contents(redis) == whole
    assert redis.get(MARKER) == marker


def test_a_load_is_cut_where_it_says(whole, address, redis, current):
    killed_at("materialize.mid_features", load_in_small_batches, current.root, address)
    features = contents(redis)
    killed_at("materialize.mid_consents", load_in_small_batches, current.root, address)

    assert 0 < len(features) < len(contents(redis)) < len(whole)
