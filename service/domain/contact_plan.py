"""The caps of a policy over the offers of one channel, laid out so that a decision counts all of
them in a few array operations.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from feature_repo.contact_layout import (
    ENTRY,
    ContactEvent,
    Entries,
    entry_names,
    name_key,
)
from feature_repo.contract import CHANNELS
from service.domain.columns import Codes, Floats, Mask
from service.domain.contact_names import ContactNames, NameColumn, SlotTable
from service.domain.contact_policy import Cap, Counted, Scope
from service.domain.contact_windows import CapWindows

FIELDS = {
    Scope.OFFER: "offer",
    Scope.GROUP: "group",
    Scope.PRODUCT_LINE: "line",
    Scope.PLACEMENT: "placement",
}
"""Where an entry says the name of a scope."""
COUNTS = tuple(Counted)
SCOPES = (Scope.ALL, *FIELDS, Scope.CHANNEL)
"""In the order of what `entry_names` gives."""
EVENTS = max(ContactEvent) + 1
NEVER = -math.inf
"""The instant something waits for that does not wait."""
OTHER_CHANNEL = 255
"""How a history names a channel the contract does not have."""


def _counted_events() -> Mask:
    table = np.zeros((len(COUNTS), 256), dtype=np.bool_)
    table[COUNTS.index(Counted.DECISION), ContactEvent.DECISION] = True
    table[COUNTS.index(Counted.IMPRESSION), ContactEvent.IMPRESSION] = True
    table[COUNTS.index(Counted.CLICK), ContactEvent.CLICK] = True
    table[COUNTS.index(Counted.OUTCOME), ContactEvent.ACCEPT : EVENTS] = True
    return table


COUNTED_EVENTS = _counted_events()
"""bool[counted, event]: which entries each kind of cap counts."""
RESERVING = (Counted.DECISION, Counted.IMPRESSION)
"""What an offer that is handed out counts as at once."""


def channel_code(channel: str) -> int:
    """How a history names a channel."""
    return CHANNELS.index(channel) if channel in CHANNELS else OTHER_CHANNEL


class Binding(NamedTuple):
    """One cap over one name: the place of its count, its limit, and whether handing out counts."""

    place: int
    limit: int
    reserves: bool


@dataclass(frozen=True)
class ContactPlan:
    """What is the same for all decisions in a channel. `placements` are `<channel>/<placement>`."""

    caps: tuple[Cap, ...]
    names: ContactNames
    placements: NameColumn
    channel: str
    is_marketing: Mask

    @cached_property
    def windows(self) -> CapWindows:
        """The window of every cap."""
        return CapWindows.of([cap.window for cap in self.caps])

    @cached_property
    def handed_out(self) -> Entries:
        """Per offer the entry of having been handed out here, without when, where and by which
        decision.
        """
        entries = np.zeros(len(self.is_marketing), dtype=ENTRY)
        entries["offer"], entries["group"] = self.names.offers.keys, self.names.groups.keys
        entries["line"], entries["channel"] = self.names.lines.keys, channel_code(self.channel)
        entries["event"], entries["is_marketing"] = ContactEvent.DECISION, self.is_marketing
        return entries

    @cached_property
    def never(self) -> Floats:
        """`NEVER` for every offer; nobody may write into it."""
        instants = np.full(len(self.is_marketing), NEVER)
        instants.flags.writeable = False
        return instants

    @cached_property
    def unused(self) -> NDArray[np.int64]:
        """No count at any place; nobody may write into it."""
        counts = np.zeros(self.bases[-1], dtype=np.int64)
        counts.flags.writeable = False
        return counts

    @cached_property
    def limit_at(self) -> NDArray[np.int64]:
        """The limit at every place of a count."""
        return np.repeat(self.limits, np.diff(self.bases))

    @cached_property
    def limits(self) -> NDArray[np.int64]:
        """The limit of every cap."""
        return np.array([cap.limit for cap in self.caps], dtype=np.int64)

    @cached_property
    def kinds(self) -> Mask:
        """bool[event, caps]: which entries each cap counts."""
        kinds = COUNTED_EVENTS[[COUNTS.index(cap.counts) for cap in self.caps]]
        return np.ascontiguousarray(kinds.T)

    @cached_property
    def counts_impressions(self) -> Mask:
        """True per cap that reservations count for while they are pending."""
        return np.array([cap.counts is Counted.IMPRESSION for cap in self.caps], dtype=np.bool_)

    @cached_property
    def bases(self) -> Codes:
        """Where each cap's counts begin; one more number says where the last ones end."""
        sizes = [self._slot_count(cap.scope) for cap in self.caps]
        return np.concatenate([[0], np.cumsum(sizes)]).astype(np.intp)

    @cached_property
    def row_places(self) -> Codes:
        """intp[caps, offers]: where the count lies that binds an offer; 0 for placement caps."""
        places = np.zeros((len(self.caps), len(self.is_marketing)), dtype=np.intp)
        for number, cap in enumerate(self.caps):
            if cap.scope is not Scope.PLACEMENT:
                places[number] = self.bases[number] + self.row_slots(cap.scope)
        return places

    @cached_property
    def is_free(self) -> Mask:
        """bool[caps, offers]: where a cap does not bind an offer, whatever the place."""
        shape = len(self.caps), len(self.is_marketing)
        return ~np.array([self._binds(cap) for cap in self.caps], dtype=np.bool_).reshape(shape)

    @cached_property
    def row_bindings(self) -> tuple[tuple[Binding, ...], ...]:
        """Per offer the caps that bind it in every place."""
        return tuple(
            tuple(
                self._binding(n, int(self.row_places[n, row]))
                for n in np.flatnonzero(bound).tolist()
            )
            for row, bound in enumerate((~self.is_free).T)
        )

    @cached_property
    def bindings(self) -> dict[str, tuple[tuple[Binding, ...], ...]]:
        """Per placement of the channel and offer all caps that bind the offer there."""
        return {
            place: tuple(
                in_every + here if marketing else ()
                for in_every, marketing in zip(
                    self.row_bindings, self.is_marketing.tolist(), strict=True
                )
            )
            for place, here in self.place_bindings.items()
        }

    @cached_property
    def place_bindings(self) -> dict[str, tuple[Binding, ...]]:
        """Per placement of the channel the caps that bind marketing there."""
        found: dict[str, tuple[Binding, ...]] = {}
        for name, slot in zip(self.placements.names, self.placements.slots.tolist(), strict=True):
            found[name.partition("/")[2]] = tuple(
                self._binding(number, int(self.bases[number]) + slot)
                for number, cap in enumerate(self.caps)
                if cap.scope is Scope.PLACEMENT and cap.binds_place(name)
            )
        return found

    def row_slots(self, scope: Scope) -> Codes:
        """The slot of every offer in a scope that does not depend on the place."""
        column = self._column(scope)
        return column.slots if column else np.zeros(len(self.is_marketing), dtype=np.intp)

    def places(self, entries: Entries) -> Codes:
        """intp[entries, caps]: the place of the count that an entry would raise."""
        slots = self._slot_table.slots_of(entry_names(entries))
        places = slots.take(self._scope_of_cap, axis=1)
        places += self.bases[:-1]
        return places

    @cached_property
    def _scope_of_cap(self) -> Codes:
        return np.array([SCOPES.index(cap.scope) for cap in self.caps], dtype=np.intp)

    @cached_property
    def _slot_table(self) -> SlotTable:
        here = np.array([channel_code(self.channel)], dtype=np.uint32)
        known = [column.known if column else here for column in map(self._column, SCOPES)]
        known[SCOPES.index(Scope.ALL)] = here[:0]
        return SlotTable.of(known)

    def _slot_count(self, scope: Scope) -> int:
        column = self._column(scope)
        return column.slot_count if column else 2

    def _column(self, scope: Scope) -> NameColumn | None:
        if scope is Scope.PLACEMENT:
            return self.placements
        names = self.names
        columns = {Scope.OFFER: names.offers, Scope.GROUP: names.groups}
        return names.lines if scope is Scope.PRODUCT_LINE else columns.get(scope)

    def _binds(self, cap: Cap) -> Mask:
        column = self._column(cap.scope)
        if cap.scope is Scope.PLACEMENT:
            return np.zeros_like(self.is_marketing)
        if column is not None:
            return self.is_marketing & column.among(cap.only)
        is_here = cap.scope is Scope.ALL or not cap.only or self.channel in cap.only
        return self.is_marketing & is_here

    def _binding(self, number: int, place: int) -> Binding:
        cap = self.caps[number]
        return Binding(place, cap.limit, cap.counts in RESERVING)


def only_keys(cap: Cap, places: Iterable[str]) -> frozenset[int]:
    """The names a cap is restricted to, as histories hold them; `places` are all of the bank's."""
    if cap.scope is Scope.ALL:
        return frozenset()
    if cap.scope is Scope.CHANNEL:
        return frozenset(map(channel_code, cap.only))
    if cap.scope is Scope.PLACEMENT:
        bound = {name for name in places if cap.binds_place(name)} if cap.only else set()
        return frozenset(map(name_key, bound or cap.only))
    return frozenset(map(name_key, cap.only))
