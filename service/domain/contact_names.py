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
    """The slots of several columns, found in one search; every key is tagged with its column's
    number.
    """

    tags: NDArray[np.uint64]
    known: NDArray[np.uint64]
    slots: Codes
    strangers: Codes

    @classmethod
    def of(cls, columns: Sequence[NameColumn]) -> SlotTable:
        """The table of these columns."""
        tags = np.arange(len(columns), dtype=np.uint64) << np.uint64(32)
        known = [column.known + tag for column, tag in zip(columns, tags, strict=True)]
        counts = [len(column.known) for column in columns]
        return cls(
            tags[:, None],
            np.array([*np.concatenate(known), _BEYOND], dtype=np.uint64),
            np.array([slot for count in (*counts, 1) for slot in range(count)], dtype=np.intp),
            np.array(counts, dtype=np.intp)[:, None],
        )

    def slots_of(self, keys: Keys) -> Codes:
        """intp[columns, keys]: the slot of every key in its column."""
        tagged = keys + self.tags
        places = self.known.searchsorted(tagged)
        return np.where(self.known.take(places) == tagged, self.slots.take(places), self.strangers)


_BEYOND = np.uint64(1 << 63)
"""Greater than any tagged key, so that a search always ends at a place."""


@dataclass(frozen=True)
class ContactNames:
    """All name columns of a catalogue."""

    offers: NameColumn
    groups: NameColumn
    lines: NameColumn
