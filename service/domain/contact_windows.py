"""When a cap's window began and when it begins anew, in the customer's own days."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from service.domain.contact_policy import CalendarWindow


def window_start(window: timedelta | CalendarWindow, as_of: datetime, zone: ZoneInfo) -> float:
    """The first instant that counts, in epoch seconds."""
    return window_starts((window,), as_of, zone)[0]


def window_starts(
    windows: Sequence[timedelta | CalendarWindow], as_of: datetime, zone: ZoneInfo
) -> list[float]:
    """The same of several windows."""
    now, today = as_of.timestamp(), as_of.astimezone(zone).date()
    return [
        now - window.total_seconds()
        if isinstance(window, timedelta)
        else _midnight(_first_day(window, today), zone)
        for window in windows
    ]


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
def _midnight(day: date, zone: ZoneInfo) -> float:
    """The first instant of a local day: where clocks skip midnight, the instant of the skip."""
    return datetime.combine(day, time(), zone).timestamp()
