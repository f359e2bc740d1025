"""What a decision writes into the shared memory, and what an outcome adds to it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from feature_repo.contact_layout import (
    KEPT_SECONDS,
    OPTED_OUT_SECONDS,
    ContactEvent,
    ContactReason,
    Entries,
    counted_at,
    decision_key,
    name_key,
    placement_key,
)
from service.domain.catalogue import Catalogue
from service.domain.contact_policy import CapChecks, ContactPolicy
from service.domain.contact_windows import CapWindows
from service.domain.decision import Slate
from service.domain.outcomes import Outcome, OutcomeKind

if TYPE_CHECKING:
    from service.domain.situation import Situation


def keep_seconds(policy: ContactPolicy) -> float:
    """How far back a history must go: as far as any rule looks, and as any may later look."""
    return max(KEPT_SECONDS, policy.longest_seconds)


def cap_checks(situation: Situation) -> CapChecks:
    """The caps of this situation as the commit checks them again."""
    return CapChecks(situation.catalogue.cap_terms, situation.cap_starts)


def cap_checks_at(catalogue: Catalogue, as_of: datetime, zone: ZoneInfo) -> CapChecks:
    """The bank's caps at an instant (business time) in a zone."""
    windows = CapWindows.of([cap.window for cap in catalogue.policy.contact.caps])
    return CapChecks(catalogue.cap_terms, windows.starts(as_of, zone))


def reserved_entries(situation: Situation, slates: Iterable[Slate], decision_id: str) -> Entries:
    """One DECISION entry per chosen offer, in the order of the slates and of their rows."""
    rows: list[int] = []
    places: list[int] = []
    for slate in slates:
        rows += slate.rows
        place = placement_key(situation.ask.channel, slate.placement_id)
        places += [place] * len(slate.rows)
    entries = situation.contact_plan.handed_out.take(np.array(rows, dtype=np.intp))
    entries["at"] = situation.as_of_seconds
    entries["decision"] = decision_key(decision_id)
    entries["placement"] = places
    return entries


def offer_keys(catalogue: Catalogue, row: int) -> tuple[int, int, int]:
    """The keys of an offer, its group and its product line."""
    return (
        name_key(catalogue.offer_ids[row]),
        name_key(catalogue.groups[row]),
        name_key(catalogue.product_lines[row]),
    )


def outcome_entry(outcome: Outcome, decided: np.void, *, clock_offset_seconds: float) -> np.void:
    """The entry of an outcome of an offer that was handed out as `decided`: in that channel, not
    where it was reported, or a cap of one channel could be filled from another.

    It counts at the instant the contact policy says, in business time (the wall's minus the
    offset), but nothing is seen before it was decided: by a clock that is slow, an impression of
    today would leave today's caps empty.
    """
    entry = decided.copy()
    at = counted_at(outcome.occurred_at.timestamp(), outcome.received_at.timestamp())
    entry["at"] = max(at - clock_offset_seconds, float(decided["at"]))
    if outcome.until is not None:
        entry["until"] = outcome.until.timestamp() - clock_offset_seconds
    elif outcome.outcome is OutcomeKind.OPTED_OUT:
        entry["until"] = entry["at"] + OPTED_OUT_SECONDS
    entry["event"] = event_of(outcome.outcome)
    entry["reason"] = ContactReason[outcome.reason.upper()] if outcome.reason else 0
    return entry


def event_of(outcome: OutcomeKind) -> ContactEvent:
    """What a history calls an outcome."""
    is_seen = outcome is OutcomeKind.PRESENTED
    return ContactEvent.IMPRESSION if is_seen else ContactEvent[outcome.name]
