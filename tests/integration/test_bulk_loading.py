"""What the loader writes beside what Redis already holds, and what it refuses to write."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from redis import Redis

from feature_repo.contract import VIEWS
from feature_repo.errors import LoadRefused
from feature_repo.online_layout import (
    decode_instant,
    encode_instant,
    feast_field,
    feast_key,
    generation_key,
    timestamp_field,
)
from feature_repo.views import source_path
from model_registry.home import Home
from tests.built_bank import built
from tests.toy_bank import BANK, CUSTOMERS, DATA_UNTIL
from training.features.calendar import end_of_day
from training.features.newest_rows import TOLERANCE, NewestRows, WallClock
from training.features.online import materialize
from training.features.view_writer import view_schema

ROOT = Path(__file__).parents[2]
VIEW = "customer_profile"
KEY, STAMP = feast_key(BANK, "c01"), timestamp_field(VIEW)
INCOME = feast_field(VIEW, "income_monthly")
NEWEST = end_of_day(DATA_UNTIL)
HALF_AN_HOUR = timedelta(minutes=30)


def microseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1_000_000)


def add_row(home: Home, event: datetime, created: datetime | None = None, **values: float) -> None:
    """One more row of c01's profile, before all others in the file."""
    path = source_path(home.features, VIEW)
    stamps = {"event_timestamp": event, "created_timestamp": created or event}
    row = {"customer_id": "c01", **stamps, **values}
    schema = view_schema(VIEW)
    rows = [pa.Table.from_pylist([row], schema=schema), pq.read_table(path, schema=schema)]
    pq.write_table(pa.concat_tables(rows), path)


def stored(redis: Redis) -> tuple[datetime, bytes]:
    stamp, income = redis.hmget(KEY, [STAMP, INCOME])
    return datetime.fromtimestamp(decode_instant(stamp) / 1e9, UTC), income


def test_what_redis_holds_newer_stays_view_by_view(tmp_path, address, redis):
    home = built(tmp_path)
    materialize(home, address)
    pushed = {STAMP: encode_instant(microseconds(NEWEST) + 1), INCOME: b"\x35\x00\x00\x80\x3f"}
    redis.hset(KEY, mapping=pushed)
    held = feast_field("product_holdings", "held")
    redis.hset(KEY, held, b"damaged")

    loaded = materialize(home, address)

    assert redis.hget(KEY, INCOME) == b"\x35\x00\x00\x80\x3f"
    assert redis.hget(KEY, held) != b"damaged"
    assert loaded.rows.newer_kept == 1
    assert loaded.warnings() == ["1 feature rows were not loaded because Redis holds newer ones"]


NEXT_YEAR = encode_instant(microseconds(datetime.now(UTC) + timedelta(days=365)))


@pytest.mark.parametrize(
    "stamp",
    [encode_instant(microseconds(NEWEST)), b"\xff", b"", b"\x08\x01", NEXT_YEAR],
    ids=["same", "damaged", "empty", "older", "future"],
)
def test_what_redis_holds_of_the_same_instant_older_future_or_unreadable_is_replaced(
    tmp_path, address, redis, stamp
):
    home = built(tmp_path)
    materialize(home, address)
    right = stored(redis)
    redis.hset(KEY, mapping={STAMP: stamp, INCOME: b"\x35\x00\x00\x80\x3f"})

    loaded = materialize(home, address)

    assert stored(redis) == right
    assert loaded.rows.newer_kept == 0


def test_a_key_that_is_no_hash_makes_room(tmp_path, address, redis):
    home = built(tmp_path)
    materialize(home, address)
    right = redis.hgetall(KEY)
    redis.set(KEY, "rubbish")

    materialize(home, address)

    assert redis.hgetall(KEY) == right


def test_an_older_row_that_comes_later_brings_no_old_values_back(tmp_path, address, redis):
    home = built(tmp_path)
    add_row(home, NEWEST + timedelta(days=1), income_monthly=1.0)
    materialize(home, address)
    assert stored(redis) == (NEWEST + timedelta(days=1), b"\x35\x00\x00\x80\x3f")

    materialize(built(tmp_path), address)

    assert stored(redis) == (NEWEST + timedelta(days=1), b"\x35\x00\x00\x80\x3f")


def test_of_two_rows_of_one_instant_the_one_created_last_counts(tmp_path, address, redis):
    home = built(tmp_path)
    add_row(home, NEWEST, created=NEWEST + timedelta(days=1), income_monthly=1.0)
    add_row(home, NEWEST, created=NEWEST - timedelta(days=1), income_monthly=2.0)

    materialize(home, address)

    assert stored(redis)[1] == b"\x35\x00\x00\x80\x3f"


def test_rows_of_the_future_are_left_out_counted_and_named(tmp_path, address, redis):
    home = built(tmp_path)
    add_row(home, datetime.now(UTC) + timedelta(days=2), income_monthly=1.0)
    add_row(home, datetime.now(UTC) + timedelta(days=3), income_monthly=1.0)

    loaded = materialize(home, address)

    assert stored(redis)[0] == NEWEST
    assert redis.hget(KEY, INCOME) != b"\x35\x00\x00\x80\x3f"
    assert loaded.customers == len(CUSTOMERS)
    assert redis.exists(generation_key(BANK))
    (line,) = loaded.warnings()
    assert line.startswith("2 feature rows are dated in the future and were not loaded:")


NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("event", "written"),
    [
        (NOON, NOON),
        (NOON + TOLERANCE, NOON + TOLERANCE),
        (NOON + TOLERANCE + timedelta(microseconds=1), None),
        (NOON + HALF_AN_HOUR, None),
        (end_of_day(NOON.date()), NOON),
        (end_of_day(NOON.date() + timedelta(days=1)), None),
    ],
)
def test_five_minutes_of_future_pass_and_a_row_of_today_counts_as_of_now(tmp_path, event, written):
    home, clock = built(tmp_path), WallClock.at(NOON)
    add_row(home, event)

    newest = NewestRows.of(source_path(home.features, VIEW), clock)

    is_chosen = 0 in newest.rows.tolist()
    assert is_chosen == (written is not None)
    assert newest.future == int(written is None)
    if written is not None:
        (batch, *_) = newest.batches(1)
        instants = clock.written(batch["event_timestamp"].cast(pa.int64()).to_numpy())
        assert instants.tolist() == [microseconds(written)]


def test_progress_counts_rows_and_customers(tmp_path, address, redis):
    said = []
    home = built(tmp_path)
    rows = materialize(home, address, progress=lambda *step: said.append(step)).rows

    steps = {
        name: [step for step in said if step[0] == name] for name in ("materialize", "consents")
    }
    assert steps["materialize"][-1] == ("materialize", rows.written, rows.written)
    assert rows.written > len(CUSTOMERS) * (len(VIEWS) - 1)
    assert [done for _, done, _ in steps["materialize"]] == sorted(
        {done for _, done, _ in steps["materialize"]}
    )
    assert steps["consents"][-1] == ("consents", len(CUSTOMERS), len(CUSTOMERS))


def test_a_full_redis_ends_the_load_with_one_line_and_without_a_marker(tmp_path, address, redis):
    home = built(tmp_path)
    redis.config_set("maxmemory", 1)
    try:
        failed = command("features", "materialize", home=tmp_path, address=address)
    finally:
        redis.config_set("maxmemory", 0)

    assert failed.returncode == 1
    (line,) = (line for line in failed.stderr.splitlines() if line.startswith("nbo: "))
    assert "Redis is full" in line
    assert "raise its maxmemory" in line
    assert "c01" not in failed.stderr
    assert redis.get(generation_key(BANK)) is None
    assert materialize(home, address).customers == len(CUSTOMERS)


def test_a_redis_that_forbids_writing_is_named_by_its_code_only(tmp_path, address, redis):
    home = built(tmp_path)
    redis.acl_setuser(
        "reader", enabled=True, nopass=True, keys=["*"], categories=["+@all"], commands=["-hset"]
    )

    with pytest.raises(LoadRefused, match="refused a command") as refused:
        materialize(home, address.replace("redis://", "redis://reader:any@"))

    assert "c0" not in str(refused.value).replace("completely", "")
    assert redis.get(generation_key(BANK)) is None


def command(*arguments: str, home: Path, address: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "nbo", *arguments],
        cwd=ROOT,
        env=os.environ | {"NBO_HOME": str(home), "NBO_REDIS_URL": address},
        capture_output=True,
        text=True,
        check=False,
    )
