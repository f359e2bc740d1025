"""Calendar windows begin with the customer's own day, week and month, whatever the clocks do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feature_repo.contact_layout import KEPT_SECONDS, counted_at
from service.domain.contact_policy import (
    CalendarWindow,
    Cap,
    ContactPolicy,
    Cooldown,
    Counted,
    Scope,
)
from service.domain.contact_reservation import keep_seconds
from service.domain.contact_windows import next_window_start, window_words
from service.domain.customer import Profile
from tests.contact_worlds import period, window_start
from tests.worlds import toy_customer, toy_situation

ODD = (
    "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Chatham", "Europe/Madrid", "Asia/Shanghai",
    "America/New_York", "America/Havana", "Asia/Beirut", "Africa/Cairo", "America/Santiago",
    "Asia/Kolkata", "Pacific/Apia", "America/St_Johns",
)  # fmt: skip
ZONES = st.sampled_from(ODD) | st.sampled_from(sorted(available_timezones()))
SECONDS = st.floats(946_684_800, 2_051_222_400)  # from 2000 to 2035
INSTANTS = SECONDS.map(lambda at: datetime.fromtimestamp(at, UTC))
TWO_DAYS = 2 * 86_400


def transitions(zone: ZoneInfo) -> list[datetime]:
    """The hours of 2024 and 2025 after which the zone's offset is another."""
    hours = [datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=n) for n in range(2 * 8_784)]
    offsets = [hour.astimezone(zone).utcoffset() for hour in hours]
    return [hours[n] for n in range(1, len(hours)) if offsets[n] != offsets[n - 1]]


@given(as_of=INSTANTS, zone=ZONES.map(ZoneInfo), window=st.sampled_from(CalendarWindow))
@settings(max_examples=1_000, deadline=None)
def test_a_window_begins_with_its_local_period_and_ends_where_the_next_begins(
    as_of: datetime, zone: ZoneInfo, window: CalendarWindow
) -> None:
    start, end = window_start(window, as_of, zone), next_window_start(window, as_of, zone)
    now = as_of.timestamp()
    assert start <= now < end
    assert period(window, start, zone) == period(window, now, zone)
    assert period(window, start - 0.001, zone) < period(window, now, zone)
    assert period(window, end - 0.001, zone) == period(window, now, zone)
    assert period(window, end, zone) > period(window, now, zone)


@pytest.mark.parametrize("name", [zone for zone in ODD if transitions(ZoneInfo(zone))])
def test_the_day_of_both_clock_changes_counts_all_of_its_hours_and_no_other(name: str) -> None:
    zone = ZoneInfo(name)
    for change in transitions(zone):
        for minutes in range(-TWO_DAYS // 60, TWO_DAYS // 60, 30):
            as_of = change + timedelta(minutes=minutes)
            start = window_start(CalendarWindow.DAY, as_of, zone)
            today = as_of.astimezone(zone).date()
            assert datetime.fromtimestamp(start, zone).date() == today
            assert datetime.fromtimestamp(start - 1, zone).date() < today
    lengths = {
        next_window_start(CalendarWindow.DAY, change, zone)
        - window_start(CalendarWindow.DAY, change, zone)
        for change in transitions(zone)
    }
    assert len(lengths) == 2
    assert 86_400.0 not in lengths


@pytest.mark.parametrize(
    ("name", "as_of", "starts"),
    [
        ("Europe/Madrid", "2026-03-29T12:00+00:00", "2026-03-28T23:00+00:00"),
        ("Europe/Madrid", "2026-10-25T12:00+00:00", "2026-10-24T22:00+00:00"),
        ("Australia/Lord_Howe", "2026-04-05T12:00+00:00", "2026-04-04T13:00+00:00"),
        ("Australia/Lord_Howe", "2026-10-04T12:00+00:00", "2026-10-03T13:30+00:00"),
        ("Pacific/Chatham", "2026-07-01T12:00+00:00", "2026-07-01T11:15+00:00"),
        ("Asia/Kathmandu", "2026-07-01T18:14+00:00", "2026-06-30T18:15+00:00"),
        ("Asia/Kathmandu", "2026-07-01T18:15+00:00", "2026-07-01T18:15+00:00"),
    ],
)
def test_days_known_from_the_calendar(name: str, as_of: str, starts: str) -> None:
    start = window_start(CalendarWindow.DAY, datetime.fromisoformat(as_of), ZoneInfo(name))
    assert start == datetime.fromisoformat(starts).timestamp()


@pytest.mark.parametrize("zone", [None, "", "nowhere", "../etc/passwd", "Mars/Base"])
def test_an_unknown_zone_is_the_banks_and_never_no_zone(zone: str | None) -> None:
    unknown = toy_situation(customer=replace(toy_customer(), profile=Profile(time_zone=zone)))
    assert unknown.local_zone == ZoneInfo("Asia/Shanghai")
    known = Profile(time_zone="Asia/Kathmandu")
    situation = toy_situation(customer=replace(toy_customer(), profile=known))
    assert situation.local_zone == ZoneInfo("Asia/Kathmandu")


def test_a_history_goes_as_far_back_as_any_rule_looks_and_never_less_than_the_rest() -> None:
    assert keep_seconds(ContactPolicy()) == KEPT_SECONDS
    long = Cap("a", Scope.ALL, Counted.IMPRESSION, timedelta(days=800), 1)
    assert keep_seconds(ContactPolicy(caps=(long,))) == 800 * 86_400
    rest = Cooldown("reject", None, Scope.OFFER, timedelta(days=900))
    assert keep_seconds(ContactPolicy(caps=(long,), cooldowns=(rest,))) == 900 * 86_400
    out = Cooldown("opted_out", None, Scope.CHANNEL, timedelta(days=1_826))
    assert keep_seconds(ContactPolicy(cooldowns=(out,))) == KEPT_SECONDS  # it carries its own end


@pytest.mark.parametrize(("late", "at"), [(0, 0), (86_400, 0), (86_401, 86_401), (-1, -1)])
def test_a_report_counts_when_it_happened_unless_it_is_a_day_late_or_of_the_future(
    late: float, at: float
) -> None:
    assert counted_at(1_000_000.0, 1_000_000.0 + late) == 1_000_000.0 + at


@pytest.mark.parametrize(
    ("window", "words"),
    [
        (timedelta(days=7), "7 days"),
        (timedelta(days=1), "24 hours"),
        (timedelta(hours=36), "36 hours"),
        (timedelta(hours=1), "1 hour"),
        (CalendarWindow.DAY, "a calendar day"),
        (CalendarWindow.MONTH, "a calendar month"),
    ],
)
def test_a_window_is_told_as_people_say_it(window: timedelta | CalendarWindow, words: str) -> None:
    assert window_words(window) == words
