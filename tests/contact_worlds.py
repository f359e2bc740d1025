"""Contact histories and policies of toy worlds, and a counter so plain that it must be right."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import strategies as st

from feature_repo.contact_layout import (
    ENTRY,
    RESERVATION_SECONDS,
    ContactEvent,
    ContactReason,
    Entries,
    name_key,
    placement_key,
)
from service.domain.contact_plan import channel_code
from service.domain.contact_policy import (
    CalendarWindow,
    Cap,
    ContactPolicy,
    Cooldown,
    Counted,
    QuietHours,
    Scope,
)
from service.domain.contact_windows import CapWindows
from service.domain.situation import Situation

DAY = 86_400.0
FREQUENT = (ContactEvent.DECISION, ContactEvent.IMPRESSION)
EMPTY = np.empty(0, dtype=ENTRY)
CHANNELS = ("mobile_app", "sms", "branch", "email")
PLACES = ("login_banner", "home_feed", "message", "advisor_desk")


def entry(
    at: float,
    offer: str = "buy_fund",
    group: str = "funds",
    *,
    event: ContactEvent = ContactEvent.IMPRESSION,
    decision: int = 1,
    line: str | None = None,
    channel: str = "mobile_app",
    placement: str = "home_feed",
    reason: ContactReason = ContactReason.NONE,
    until: float = 0.0,
    is_marketing: bool = True,
) -> np.void:
    """One contact, an impression of the fund on the home feed unless said otherwise."""
    keys = (name_key(offer), name_key(group), name_key(line or group))
    place = placement_key(channel, placement)
    codes = (channel_code(channel), event, reason, is_marketing)
    return np.array([(at, until, decision, *keys, place, *codes)], dtype=ENTRY)[0]


def history(entries: Iterable[np.void]) -> Entries:
    """These contacts, in this order."""
    return np.array(list(entries), dtype=ENTRY)


@st.composite
def histories(
    draw: st.DrawFn, *, now: float, offers: Sequence[str], groups: Sequence[str], most: int = 12
) -> Entries:
    """Contacts of these offers, many near `now`, some long ago, some of offers nobody makes."""
    ages = st.one_of(st.floats(0, 1_200), st.floats(0, 3 * DAY), st.floats(0, 40 * DAY))
    events = (*FREQUENT * 4, *ContactEvent)
    kinds = (range(len(offers) + 1), groups, events, range(1, 5), CHANNELS, PLACES)
    sizes = tuple(map(len, (*kinds, ContactReason, range(5))))
    # All that is not an instant comes from one number: drawing is what takes the time.
    numbers = st.integers(0, math.prod(sizes) - 1)

    def one() -> np.void:
        which = [int(place) for place in np.unravel_index(draw(numbers), sizes)]
        number, group, event, decision, channel, place, reason, marketing = which
        known = number < len(offers)
        is_later = events[event] is ContactEvent.LATER
        return entry(
            now - draw(ages),
            offers[number] if known else "of old",
            groups[number if known else group],
            event=events[event],
            decision=decision + 1,
            channel=CHANNELS[channel],
            placement=PLACES[place],
            reason=[*ContactReason][reason],
            until=now + draw(st.floats(-DAY, DAY)) if is_later else 0.0,
            is_marketing=marketing > 0,
        )

    return history(one() for _ in range(draw(st.integers(0, most))))


@st.composite
def contact_policies(draw: st.DrawFn, *, names: Sequence[str]) -> ContactPolicy:
    """Any caps, cooldowns and quiet hours; `names` are those `only` may list."""
    rolling = st.timedeltas(timedelta(minutes=1), timedelta(days=30))
    caps = st.builds(
        Cap,
        id=st.sampled_from(["a", "b", "c"]),
        scope=st.sampled_from(Scope),
        counts=st.sampled_from(Counted),
        window=rolling | st.sampled_from(CalendarWindow),
        limit=st.integers(0, 4),
        only=st.just(frozenset()) | st.frozensets(st.sampled_from(names), max_size=3),
    )
    cooldowns = st.builds(
        Cooldown,
        outcome=st.sampled_from(["reject", "dismiss", "presented", "accept"]),
        reason=st.none() | st.just("has_elsewhere"),
        scope=st.sampled_from(Scope),
        duration=rolling,
    )
    hours = st.integers(0, 23).map(time)
    return ContactPolicy(
        caps=tuple(draw(st.lists(caps, max_size=3))),
        cooldowns=tuple(draw(st.lists(cooldowns, max_size=2))),
        quiet_hours=draw(st.none() | st.builds(QuietHours, hours, hours)),
    )


def counted(situation: Situation, cap: Cap, row: int, placement: str) -> int:
    """What a cap counts for an offer in a place, one entry after the other."""
    catalogue, now = situation.catalogue, situation.as_of.timestamp()
    contacts = situation.customer.contacts
    channel = situation.ask.channel
    mine = {
        Scope.OFFER: ("offer", name_key(catalogue.offer_ids[row])),
        Scope.GROUP: ("group", name_key(catalogue.groups[row])),
        Scope.PRODUCT_LINE: ("line", name_key(catalogue.product_lines[row])),
        Scope.CHANNEL: ("channel", channel_code(channel)),
        Scope.PLACEMENT: ("placement", placement_key(channel, placement)),
        Scope.ALL: ("is_marketing", 1),
    }[cap.scope]
    seen = {(e["decision"], e["offer"]) for e in contacts if e["event"] == ContactEvent.IMPRESSION}
    count = 0
    for one in contacts:
        if not one["is_marketing"] or one[mine[0]] != mine[1]:
            continue
        event, is_within = ContactEvent(one["event"]), is_in_window(cap, one["at"], situation)
        if cap.counts is Counted.OUTCOME:
            count += is_within and event >= ContactEvent.ACCEPT
            continue
        count += is_within and event.name == cap.counts.name
        if cap.counts is Counted.IMPRESSION and event is ContactEvent.DECISION:
            is_young = now - one["at"] < RESERVATION_SECONDS
            count += is_young and (one["decision"], one["offer"]) not in seen
    return count


def is_in_window(cap: Cap, at: float, situation: Situation) -> bool:
    """Whether an instant lies in a cap's window, told from local calendars."""
    if isinstance(cap.window, timedelta):
        return at >= situation.as_of.timestamp() - cap.window.total_seconds()
    zone = situation.local_zone
    return period(cap.window, at, zone) >= period(cap.window, situation.as_of.timestamp(), zone)


def period(window: CalendarWindow, at: float, zone: ZoneInfo) -> tuple[int, ...]:
    """The local day, ISO week or month of an instant."""
    day = datetime.fromtimestamp(at, zone).date()
    if window is CalendarWindow.WEEK:
        return day.isocalendar()[:2]
    return (day.year, day.month) if window is CalendarWindow.MONTH else (day.toordinal(),)


def binds(cap: Cap, situation: Situation, row: int, placement: str) -> bool:
    """Whether a cap is about an offer in a place at all."""
    catalogue, channel = situation.catalogue, situation.ask.channel
    names = {
        Scope.OFFER: {catalogue.offer_ids[row]},
        Scope.GROUP: {catalogue.groups[row]},
        Scope.PRODUCT_LINE: {catalogue.product_lines[row]},
        Scope.CHANNEL: {channel},
        Scope.PLACEMENT: {placement, f"{channel}/{placement}"},
        Scope.ALL: set(cap.only),
    }[cap.scope]
    return bool(catalogue.is_marketing[row]) and (not cap.only or bool(names & cap.only))


def window_start(window: timedelta | CalendarWindow, as_of: datetime, zone: ZoneInfo) -> float:
    """The first instant a window counts, in epoch seconds."""
    return float(CapWindows.of((window,)).starts(as_of, zone)[0])
