"""Business time goes on where the data end; protocol times are wall time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from service.adapters.clock import BusinessClock, WallClock
from tests.toy_bank import identity

TOLERANCE = timedelta(seconds=5)


def test_at_the_moment_of_import_business_time_is_the_end_of_the_data() -> None:
    bank = identity()
    elapsed = datetime.now(UTC) - bank.imported_at
    as_of = BusinessClock(bank.clock_offset).as_of() - elapsed
    assert abs(as_of - datetime(2024, 7, 5, 23, 59, 59, tzinfo=UTC)) < TOLERANCE


def test_business_time_never_runs_ahead_of_the_wall() -> None:
    today = datetime.now(UTC)
    live = msgspec.structs.replace(identity(), data_until=today.date(), imported_at=today)
    assert live.clock_offset == timedelta(0)


def test_business_time_passes_as_fast_as_wall_time() -> None:
    clock = BusinessClock(timedelta(days=100))
    assert abs(clock.now() - clock.as_of() - timedelta(days=100)) < TOLERANCE


def test_the_wall_clock_knows_one_time_and_its_offset() -> None:
    clock = WallClock()
    assert abs(clock.now() - clock.as_of()) < TOLERANCE
    assert clock.as_of().utcoffset() == timedelta(0)
