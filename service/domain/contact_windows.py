"""When a cap's window began and when it begins anew, in the customer's own days."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from service.domain.columns import Floats
from service.domain.contact_policy import CalendarWindow


@dataclass(frozen=True)
class CapWindows:
    """Several windows at once: `seconds` are the lengths of those that move with the instant,
    `calendar` are those that move with the local day; inf and None hold the other kind's places.
    """

    seconds: Floats
    calendar: tuple[CalendarWindow | None, ...]

    @classmethod
    def of(cls, windows: Sequence[timedelta | CalendarWindow]) -> CapWindows:
        """These windows."""
        rolling = [w.total_seconds() if isinstance(w, timedelta) else math.inf for w in windows]
        calendar = tuple(None if isinstance(w, timedelta) else w for w in windows)
        return cls(np.array(rolling), calendar)

    def starts(self, as_of: datetime, zone: ZoneInfo) -> Floats:
        """float64[windows]: the first instant each of them counts, in epoch seconds."""
        today = as_of.astimezone(zone).date()
        starts: Floats = as_of.timestamp() - self.seconds
        return np.maximum(starts, _first_instants(self.calendar, today, zone), out=starts)


def next_window_start(window: CalendarWindow, as_of: datetime, zone: ZoneInfo) -> float:
    """The instant at which a calendar window begins anew, in epoch seconds."""
    first = _first_day(window, as_of.astimezone(zone).date())
    if window is CalendarWindow.MONTH:
        return _midnight((first + timedelta(days=31)).replace(day=1), zone)
    return _midnight(first + timedelta(days=7 if window is CalendarWindow.WEEK else 1), zone)


def window_words(window: timedelta | CalendarWindow) -> str:
    """How long a window is, for people: "7 days", "24 hours", "a calendar day"."""
    if isinstance(window, CalendarWindow):
        return f"a calendar {window}"
    days, rest = divmod(window, timedelta(days=1))
    if days > 1 and not rest:
        return f"{days} days"
    hours = window // timedelta(hours=1)
    return "1 hour" if hours == 1 else f"{hours} hours"


def whole_second_after(seconds: float) -> datetime | None:
    """The first whole second after an instant, UTC; None when that is never."""
    if math.isinf(seconds):
        return None
    try:
        return datetime.fromtimestamp(math.floor(seconds) + 1, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _first_day(window: CalendarWindow, today: date) -> date:
    if window is CalendarWindow.WEEK:
        return today - timedelta(days=today.weekday())
    return today.replace(day=1) if window is CalendarWindow.MONTH else today


@lru_cache(maxsize=1024)
def _first_instants(
    windows: tuple[CalendarWindow | None, ...], today: date, zone: ZoneInfo
) -> Floats:
    """float64[windows]: when each began; −inf for None."""
    return np.array([_midnight(_first_day(w, today), zone) if w else -math.inf for w in windows])


def _midnight(day: date, zone: ZoneInfo) -> float:
    """The first instant of a local day: where clocks skip midnight, the instant of the skip."""
    return datetime.combine(day, time(), zone).timestamp()
