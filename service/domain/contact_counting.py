"""How much room every cap leaves in one situation, counted from the customer's history."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from feature_repo.contact_layout import RESERVATION_SECONDS, ContactEvent, Entries
from service.domain.columns import Codes, Mask
from service.domain.contact_budget import CapBudget
from service.domain.contact_plan import Binding, ContactPlan
from service.domain.contact_policy import Cap, Counted
from service.domain.contact_windows import next_window_start
from service.domain.once import once

if TYPE_CHECKING:
    from service.domain.situation import Situation

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class FullCap:
    """A cap without room: what it counted, how much of that is reserved and not seen yet, and the
    first instant it has room again (None = never).
    """

    cap: Cap
    count: int
    pending: int
    room_from: float | None


class CapRoom:
    """Counts of every cap in one situation; a history nobody could read leaves no room."""

    def __init__(self, situation: Situation) -> None:
        self._situation = situation
        self.plan: ContactPlan = situation.contact_plan

    @once
    def used(self) -> Counts | None:
        """What is counted at every place of the plan; None when the history is unknown."""
        plan = self.plan
        if self._entries is None:
            return None
        if not len(self._entries) or not plan.caps:
            return plan.unused
        return np.bincount(self._places[self._is_counted], minlength=len(plan.unused))

    @once
    def permits(self) -> Mask:
        """True per offer that at least one more contact is allowed of."""
        plan, used = self.plan, self.used
        if self._least_room > 0:
            return self._situation.catalogue.everything
        has_room = plan.is_free
        if used is not None:
            has_room = has_room | (used[plan.row_places] < plan.limits[:, None])
        permitted: Mask = has_room.all(axis=0) & (self._placeable | ~plan.is_marketing)
        return permitted

    def budget(self, most_offers: float = math.inf) -> CapBudget:
        """The same room, to be used up by at most so many offers; no marketing stands where a
        cooldown closed the place.
        """
        closed = self._situation.cooling.closed_places
        if self._least_room >= most_offers:
            return CapBudget(self.plan, None, closed, binds=False)
        used = None if self.used is None else self.used.tolist()
        return CapBudget(self.plan, used, closed, binds=True)

    def full_caps(self, row: int) -> tuple[FullCap, ...]:
        """The caps that deny this offer, where the history is known; of placement caps those of the
        place that frees first.
        """
        full = list(self._full(self.plan.row_bindings[row]))
        carried = self._carried(row)
        if not carried or not self.plan.is_marketing[row]:
            return tuple(full)
        by_place = [tuple(self._full(self.plan.place_bindings.get(p, ()))) for p in carried]
        return (*full, *min(by_place, key=_frees_at))

    @once
    def _least_room(self) -> float:
        """How many more contacts there is room for whatever they are; −inf when nobody knows."""
        if not self.plan.caps:
            return math.inf
        if self.used is None:
            return -math.inf
        return int(np.minimum.reduce(self.plan.limit_at - self.used))

    @once
    def _entries(self) -> Entries | None:
        """What some cap may count: most of a history is older than any window."""
        contacts = self._situation.customer.contacts
        if contacts is None or not len(contacts) or not self.plan.caps:
            return contacts
        pending_since = self._situation.as_of_seconds - RESERVATION_SECONDS
        oldest = min(pending_since, *self._situation.cap_starts.tolist())
        recent = contacts["at"] >= oldest
        recent &= contacts["is_marketing"] != 0
        entries: Entries = contacts.take(recent.nonzero()[0])
        return entries

    @once
    def _places(self) -> Codes:
        """intp[entries, caps]: which count an entry would raise."""
        assert self._entries is not None
        return self.plan.places(self._entries)

    @once
    def _is_counted(self) -> Mask:
        """bool[entries, caps]: what every cap counts."""
        plan, entries = self.plan, self._entries
        assert entries is not None
        counted: Mask = plan.kinds.take(entries["event"], axis=0)
        counted &= entries["at"][:, None] >= self._situation.cap_starts
        pending = self._is_pending
        if pending is not None:
            counted |= pending[:, None] & plan.counts_impressions
        return counted

    @once
    def _is_pending(self) -> Mask | None:
        """True per reservation that may still be seen; None when there is none."""
        assert self._entries is not None
        history = self._situation.customer.contacts
        assert history is not None
        return pending_reservations(self._entries, history, self._situation.as_of_seconds)

    @once
    def _placeable(self) -> Mask:
        """True per offer that one asked place which carries it has room for."""
        situation, ask = self._situation, self._situation.ask
        count = len(situation.catalogue)
        bindings = [self.plan.place_bindings.get(p.id, ()) for p in ask.placements]
        if not any(bindings):
            return np.ones(count, dtype=np.bool_)
        placeable, carried = np.zeros(count, dtype=np.bool_), np.zeros(count, dtype=np.bool_)
        for placement, binding in zip(ask.placements, bindings, strict=True):
            here = situation.catalogue.in_placement[f"{ask.channel}/{placement.id}"]
            carried |= here
            if all(map(self._has_room, binding)):
                placeable |= here
        return placeable | ~carried

    def _carried(self, row: int) -> list[str]:
        ask, carries = self._situation.ask, self._situation.catalogue.in_placement
        return [p.id for p in ask.placements if carries[f"{ask.channel}/{p.id}"][row]]

    def _has_room(self, binding: Binding) -> bool:
        return self.used is not None and bool(self.used[binding.place] < binding.limit)

    def _full(self, bindings: tuple[Binding, ...]) -> Iterator[FullCap]:
        assert self.used is not None
        for binding in bindings:
            count = int(self.used[binding.place])
            if count >= binding.limit:
                number = int(np.searchsorted(self.plan.bases, binding.place, side="right")) - 1
                yield FullCap(
                    self.plan.caps[number],
                    count,
                    self._pending(number, binding),
                    self._room_from(number, binding),
                )

    def _room_from(self, number: int, binding: Binding) -> float | None:
        """When so many entries have left the window that one more fits."""
        if binding.limit < 1:
            return None
        assert self._entries is not None
        mine = self._entries[self._raises(number, binding)]
        ends = sorted(self._leaves(self.plan.caps[number], entry) for entry in mine)
        return ends[len(ends) - binding.limit]

    def _pending(self, number: int, binding: Binding) -> int:
        """How many of those counted are reservations, as a cap on impressions counts them."""
        pending = self._is_pending
        if pending is None or not self.plan.counts_impressions[number]:
            return 0
        return int((pending & self._raises(number, binding)).sum())

    def _raises(self, number: int, binding: Binding) -> Mask:
        """True per entry that raises this cap's count in this place."""
        raises: Mask = self._is_counted[:, number] & (self._places[:, number] == binding.place)
        return raises

    def _leaves(self, cap: Cap, entry: np.void) -> float:
        """The first whole second at which this entry no longer counts."""
        at = float(entry["at"])
        if entry["event"] == ContactEvent.DECISION and cap.counts is Counted.IMPRESSION:
            return math.ceil(at + RESERVATION_SECONDS)
        if isinstance(cap.window, timedelta):
            return math.floor(at + cap.window.total_seconds()) + 1.0
        situation = self._situation
        return next_window_start(cap.window, situation.as_of, situation.local_zone)


def pending_reservations(entries: Entries, history: Entries, now: float) -> Mask | None:
    """True per DECISION entry whose offer may still be seen and was not yet, whatever in the whole
    history says so; None when none is.
    """
    pending: Mask = entries["at"] > now - RESERVATION_SECONDS
    if not len(pending.nonzero()[0]):
        return None
    pending &= entries["event"] == ContactEvent.DECISION.value
    numbers = pending.nonzero()[0].tolist()
    if not numbers:
        return None
    seen = history.take((history["event"] == ContactEvent.IMPRESSION.value).nonzero()[0])
    for number in numbers if len(seen) else ():
        same = seen["decision"] == entries["decision"][number]
        pending[number] = not (same & (seen["offer"] == entries["offer"][number])).any()
    return pending


def _frees_at(full: tuple[FullCap, ...]) -> float:
    return max((math.inf if f.room_from is None else f.room_from for f in full), default=-math.inf)
