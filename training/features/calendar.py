"""The instants features are built for: every snapshot's end of day, and the day the facts end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timezone

import numpy as np
from numpy.typing import NDArray

from model_registry.home import BankIdentity

EPOCH = date(1970, 1, 1)


def end_of_day(day: date) -> datetime:
    """The instant a snapshot of that day stands for: later facts do not enter its features."""
    return datetime.combine(day, time(23, 59, 59), tzinfo=timezone.utc)


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def month_number(day: date) -> int:
    """Months since year 0, so that a difference is a number of calendar months."""
    return day.year * 12 + day.month


@dataclass(frozen=True)
class Calendar:
    """Ascending dates to build rows for; those before `since` are passed, not written."""

    dates: tuple[date, ...]
    since: date | None = None

    @classmethod
    def of_snapshots(cls, bank: BankIdentity, since: date | None = None) -> Calendar:
        """The bank's snapshot dates."""
        return cls(tuple(sorted(bank.snapshot_dates)), since)

    @classmethod
    def of_facts(cls, bank: BankIdentity, since: date | None = None) -> Calendar:
        """The snapshot dates, and the day the facts end where that is later."""
        return cls(tuple(sorted({*bank.snapshot_dates, bank.data_until})), since)

    @property
    def microseconds(self) -> NDArray[np.int64]:
        """Each date's end of day, microseconds since 1970-01-01 UTC."""
        return np.array([int(end_of_day(d).timestamp()) * 1_000_000 for d in self.dates], np.int64)

    @property
    def written(self) -> tuple[int, ...]:
        """Positions of the dates whose rows are wanted."""
        return tuple(i for i, d in enumerate(self.dates) if self.since is None or d >= self.since)
