"""Two clocks: business time that goes on where the bank's data end, and the wall."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class WallClock:
    """Judges everything at the wall clock's time, for banks whose data are loaded as they arise."""

    def as_of(self) -> datetime:
        """Wall-clock UTC."""
        return datetime.now(UTC)

    def now(self) -> datetime:
        """Wall-clock UTC."""
        return datetime.now(UTC)


class BusinessClock:
    """Serves historical data as of then: features are as fresh as they were when imported."""

    def __init__(self, offset: timedelta) -> None:
        self._offset = offset

    def as_of(self) -> datetime:
        """Wall-clock UTC minus the offset between import and end of data."""
        return datetime.now(UTC) - self._offset

    def now(self) -> datetime:
        """Wall-clock UTC."""
        return datetime.now(UTC)
