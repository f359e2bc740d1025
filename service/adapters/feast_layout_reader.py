"""Reads one customer's Feast hash without Feast: which fields to ask for, and what the answer
says.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from feature_repo.contract import VIEWS, Kind, features_of, list_length
from feature_repo.online_layout import (
    FLOAT_HEADER,
    decode_text,
    decode_timestamp,
    feast_field,
    feast_key,
    float_list_header,
    timestamp_field,
)
from feature_repo.raw_features import Float32s, RawFeatures, RowFeatures, row_places

_UNKNOWN = np.float32(np.nan).tobytes()


@dataclass(frozen=True)
class DecodedFeatures:
    """One customer's features (n = 1), and the views whose stored bytes could not be read.

    An undecodable view counts as missing: its values are unknown, its event day NaN.
    """

    raw: RawFeatures
    undecodable: tuple[str, ...]


class _Slot(NamedTuple):
    """One float feature: its place in the answer, the bytes before its numbers, and how unknown is
    stored.
    """

    place: int
    header: bytes
    unknown: bytes


class _ViewPlan(NamedTuple):
    """What to make of one view; `unknown` are its floats as they are stored when not known."""

    name: str
    timestamp_place: int
    floats: tuple[_Slot, ...]
    texts: tuple[tuple[str, int], ...]
    unknown: tuple[bytes, ...]


class _ViewRead(NamedTuple):
    """What one view's stored values say; an unreadable view says nothing."""

    day: float
    texts: dict[str, str]
    stored: Sequence[bytes]
    is_readable: bool = True


class FeastLayoutReader:
    """Knows the fields and bytes of one bank's online features; it does no I/O."""

    def __init__(self, bank: str, product_count: int) -> None:
        self._bank = bank
        self._places = row_places(product_count)
        self._names: list[bytes] = []
        self._plans = [self._plan(view.name, product_count) for view in VIEWS]
        self._floats = _FloatFrame([slot for plan in self._plans for slot in plan.floats])

    @property
    def fields(self) -> tuple[bytes, ...]:
        """The hash fields to ask for, in the order `decode` expects their values."""
        return tuple(self._names)

    def key(self, customer_id: str) -> bytes:
        """The Redis key of the customer's hash."""
        return feast_key(self._bank, customer_id)

    def decode(self, values: Sequence[bytes | None]) -> DecodedFeatures:
        """The features behind the values of `fields`; None stands for a field the hash lacks."""
        reads = [_read_view(plan, values) for plan in self._plans]
        row = self._floats.row([stored for read in reads for stored in read.stored])
        if row is None:
            # Rare: some float is not what the contract says. Find out of which view.
            reads = list(map(_checked, self._plans, reads))
            row = self._floats.row([stored for read in reads for stored in read.stored])
            assert row is not None
        texts, days = {}, {}
        stamped = np.array([read.day for read in reads])
        for place, (plan, read) in enumerate(zip(self._plans, reads, strict=True)):
            days[plan.name] = stamped[place : place + 1]
            for name, _ in plan.texts:
                texts[name] = np.array([read.texts.get(name)], dtype=object)
        undecodable = tuple(
            plan.name for plan, read in zip(self._plans, reads, strict=True) if not read.is_readable
        )
        return DecodedFeatures(RowFeatures.of(row, self._places, texts, days), undecodable)

    def _plan(self, view: str, product_count: int) -> _ViewPlan:
        floats: list[_Slot] = []
        texts: list[tuple[str, int]] = []
        for feature in features_of(view):
            place = len(self._names)
            self._names.append(feast_field(view, feature.name))
            if feature.kind is Kind.CATEGORY:
                texts.append((feature.name, place))
            else:
                floats.append(_slot(feature.kind, place, product_count))
        self._names.append(timestamp_field(view))
        unknown = tuple(slot.unknown for slot in floats)
        return _ViewPlan(view, len(self._names) - 1, tuple(floats), tuple(texts), unknown)


class _FloatFrame:
    """Checks the stored bytes of all floats, and takes the numbers out of them, in one step."""

    def __init__(self, slots: list[_Slot]) -> None:
        self._lengths = [len(slot.unknown) for slot in slots]
        starts = np.cumsum([0, *self._lengths[:-1]])
        is_header = np.zeros(sum(self._lengths), dtype=np.bool_)
        for slot, start in zip(slots, starts, strict=True):
            is_header[start : start + len(slot.header)] = True
        self._header_places = np.flatnonzero(is_header)
        self._number_places = np.flatnonzero(~is_header)
        self._headers = b"".join(slot.header for slot in slots)

    def row(self, stored: list[bytes]) -> Float32s | None:
        """The numbers (1, width) of these values; None when one is no float of its length."""
        if list(map(len, stored)) != self._lengths:
            return None
        joined = np.frombuffer(b"".join(stored), dtype=np.uint8)
        if joined.take(self._header_places).tobytes() != self._headers:
            return None
        return joined.take(self._number_places).view("<f4").reshape(1, -1)


def _slot(kind: Kind, place: int, product_count: int) -> _Slot:
    is_list = kind is not Kind.NUMBER
    count = list_length(kind, product_count) if is_list else 1
    header = float_list_header(count) if is_list else FLOAT_HEADER
    return _Slot(place, header, header + _UNKNOWN * count)


def _read_view(plan: _ViewPlan, values: Sequence[bytes | None]) -> _ViewRead:
    """The view as stored, its floats not yet checked; an unset `Value` is stored as no bytes at
    all: known to be unknown.
    """
    stamp = values[plan.timestamp_place]
    if not stamp:
        return _ViewRead(math.nan, {}, plan.unknown)
    try:
        texts = {name: decode_text(text) for name, place in plan.texts if (text := values[place])}
        day = decode_timestamp(stamp)
    except ValueError:
        return _unreadable(plan)
    return _ViewRead(day, texts, [values[place] or unset for place, _, unset in plan.floats])


def _checked(plan: _ViewPlan, read: _ViewRead) -> _ViewRead:
    for stored, slot in zip(read.stored, plan.floats, strict=True):
        if len(stored) != len(slot.unknown) or not stored.startswith(slot.header):
            return _unreadable(plan)
    return read


def _unreadable(plan: _ViewPlan) -> _ViewRead:
    return _ViewRead(math.nan, {}, plan.unknown, is_readable=False)
