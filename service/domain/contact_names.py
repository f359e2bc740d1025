"""The names of a catalogue's offers, groups and lines as the numbers contact histories hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from feature_repo.contact_layout import name_key
from service.domain.columns import Codes, Mask

Keys = NDArray[np.uint32]


@dataclass(frozen=True)
class NameColumn:
    """One name per offer; equal names share a slot, and one more slot is for names of no offer."""

    keys: Keys
    names: tuple[str, ...]

    @classmethod
    def of(cls, names: Sequence[str]) -> NameColumn:
        """The column of these names."""
        return cls(np.array([name_key(name) for name in names], dtype=np.uint32), tuple(names))

    @cached_property
    def known(self) -> Keys:
        """Every key once, in rising order: a slot is a place in it."""
        known: Keys = np.unique(self.keys)
        return known

    @property
    def slot_count(self) -> int:
        """How many slots there are, the one of strangers last."""
        return len(self.known) + 1

    @cached_property
    def slots(self) -> Codes:
        """The slot of every offer's name."""
        return self.slots_of(self.keys)

    def slots_of(self, keys: Keys) -> Codes:
        """The slot of every key."""
        if not len(self.known):
            return np.zeros(len(keys), dtype=np.intp)
        places = np.searchsorted(self.known, keys)
        np.minimum(places, len(self.known) - 1, out=places)
        return np.where(self.known[places] == keys, places, len(self.known))

    def among(self, only: frozenset[str]) -> Mask:
        """True per offer whose name is one of these; of none, every offer."""
        if not only:
            return np.ones(len(self.names), dtype=np.bool_)
        return np.array([name in only for name in self.names], dtype=np.bool_)


@dataclass(frozen=True)
class SlotTable:
    """The slots of several columns, found in one search: every key is tagged with its column's
    number, and every bound begins either one known key or a run of strangers.
    """

    tags: NDArray[np.uint64]
    bounds: NDArray[np.uint64]
    slots: Codes

    @classmethod
    def of(cls, columns: Sequence[Keys]) -> SlotTable:
        """The table of these columns, each its known keys in rising order."""
        tags = np.arange(len(columns), dtype=np.uint64) << np.uint64(32)
        bounds, slots = [], [0]  # no key is below the first bound
        for tag, known in zip(tags.tolist(), columns, strict=True):
            bounds.append(tag)
            slots.append(len(known))
            for slot, key in enumerate(known.tolist()):
                bounds += (tag + key, tag + key + 1)
                slots += (slot, len(known))
        return cls(tags, np.array(bounds, dtype=np.uint64), np.array(slots, dtype=np.intp))

    def slots_of(self, keys: NDArray[np.uint64]) -> Codes:
        """intp[keys, columns]: the slot of every key in its column."""
        # Of equal bounds the last one counts: what follows a key gives way to what begins there.
        return self.slots.take(self.bounds.searchsorted(keys | self.tags, side="right"))


@dataclass(frozen=True)
class ContactNames:
    """All name columns of a catalogue."""

    offers: NameColumn
    groups: NameColumn
    lines: NameColumn
