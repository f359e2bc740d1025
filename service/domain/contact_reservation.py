"""What a decision writes into the shared memory, and what an outcome adds to it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from feature_repo.contact_layout import (
    ENTRY,
    KEPT_SECONDS,
    ContactEvent,
    ContactReason,
    Entries,
    counted_at,
    decision_key,
    name_key,
    placement_key,
)
from service.domain.catalogue import Catalogue
from service.domain.contact_plan import channel_code, only_keys
from service.domain.contact_policy import CalendarWindow, Cap, CapCheck, ContactPolicy
from service.domain.contact_windows import window_start
from service.domain.decision import Slate
from service.domain.outcomes import Outcome, OutcomeKind

if TYPE_CHECKING:
    from service.domain.situation import Situation


LONGEST_SECONDS = {
    CalendarWindow.DAY: 2 * 86_400.0,
    CalendarWindow.WEEK: 8 * 86_400.0,
    CalendarWindow.MONTH: 32 * 86_400.0,
}
"""No window of the kind is longer, whatever the clocks did in it."""


def keep_seconds(policy: ContactPolicy) -> float:
    """How far back a history must go: as far as any rule looks, and as any may later look."""
    windows = (
        w.total_seconds() if isinstance(w, timedelta) else LONGEST_SECONDS[w]
        for w in (cap.window for cap in policy.caps)
    )
    durations = (cooldown.duration.total_seconds() for cooldown in policy.cooldowns)
    return max([KEPT_SECONDS, *windows, *durations])


def cap_checks(situation: Situation) -> tuple[CapCheck, ...]:
    """The caps of this situation as the commit checks them again."""
    return cap_checks_at(situation.catalogue, situation.as_of, situation.local_zone)


def cap_checks_at(catalogue: Catalogue, as_of: datetime, zone: ZoneInfo) -> tuple[CapCheck, ...]:
    """The bank's caps at an instant (business time) in a zone."""
    channels = catalogue.policy.channels
    places = [f"{name}/{place}" for name, policy in channels.items() for place in policy.placements]

    def check(cap: Cap) -> CapCheck:
        start = window_start(cap.window, as_of, zone)
        return CapCheck(cap.scope, cap.counts, start, cap.limit, only_keys(cap, places))

    return tuple(map(check, catalogue.policy.contact.caps))


def reserved_entries(situation: Situation, slates: Iterable[Slate], decision_id: str) -> Entries:
    """One DECISION entry per chosen offer, in the order of the slates and of their rows."""
    key, channel = decision_key(decision_id), situation.ask.channel
    return np.array(
        [
            (
                situation.as_of_seconds,
                0.0,
                key,
                *offer_keys(situation.catalogue, row),
                placement_key(channel, slate.placement_id),
                channel_code(channel),
                ContactEvent.DECISION,
                ContactReason.NONE,
                situation.catalogue.is_marketing[row],
            )
            for slate in slates
            for row in slate.rows
        ],
        dtype=ENTRY,
    )


def offer_keys(catalogue: Catalogue, row: int) -> tuple[int, int, int]:
    """The keys of an offer, its group and its product line."""
    return (
        name_key(catalogue.offer_ids[row]),
        name_key(catalogue.groups[row]),
        name_key(catalogue.product_lines[row]),
    )


def outcome_entry(outcome: Outcome, decided: np.void, *, clock_offset_seconds: float) -> np.void:
    """The entry of an outcome of an offer that was handed out as `decided`.

    It counts at the instant the contact policy says, in business time: the wall's minus the offset.
    """
    entry = decided.copy()
    at = counted_at(outcome.occurred_at.timestamp(), outcome.received_at.timestamp())
    entry["at"] = at - clock_offset_seconds
    entry["until"] = outcome.until.timestamp() - clock_offset_seconds if outcome.until else 0.0
    entry["channel"] = channel_code(outcome.channel)
    entry["event"] = event_of(outcome.outcome)
    entry["reason"] = ContactReason[outcome.reason.upper()] if outcome.reason else 0
    return entry


def event_of(outcome: OutcomeKind) -> ContactEvent:
    """What a history calls an outcome."""
    is_seen = outcome is OutcomeKind.PRESENTED
    return ContactEvent.IMPRESSION if is_seen else ContactEvent[outcome.name]
