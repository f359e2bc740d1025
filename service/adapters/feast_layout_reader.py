"""Reads one customer's Feast hash without Feast: which fields to ask for, and what the answer
says.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from operator import itemgetter
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


class DecodedFeatures(NamedTuple):
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
    """What to make of one view: where its instant, floats and texts stand among the values."""

    name: str
    timestamp_place: int
    floats: tuple[_Slot, ...]
    texts: tuple[tuple[str, int], ...]

    def has_data(self, values: Sequence[bytes | None]) -> bool:
        """Whether the view says when it was true; what else is stored of it counts only then."""
        return bool(values[self.timestamp_place])

    def is_readable(self, values: Sequence[bytes | None]) -> bool:
        """Whether everything stored of the view is what the contract says."""
        try:
            _day(values[self.timestamp_place])
            for _, place in self.texts:
                _text(values[place])
        except ValueError:
            return False
        return all(
            len(stored) == len(slot.unknown) and stored.startswith(slot.header)
            for slot in self.floats
            if (stored := values[slot.place])
        )

    def places(self) -> Iterator[int]:
        """All that is stored of the view."""
        yield self.timestamp_place
        yield from (slot.place for slot in self.floats)
        yield from (place for _, place in self.texts)


class FeastLayoutReader:
    """Knows the fields and bytes of one bank's online features; it does no I/O."""

    def __init__(self, bank: str, product_count: int) -> None:
        self._bank = bank
        self._places = row_places(product_count)
        self._names: list[bytes] = []
        self._plans = tuple(self._plan(view.name, product_count) for view in VIEWS)
        self._floats = _FloatFrame([slot for plan in self._plans for slot in plan.floats])
        self._views = tuple(plan.name for plan in self._plans)
        self._days_of = itemgetter(*(plan.timestamp_place for plan in self._plans))
        texts = dict(text for plan in self._plans for text in plan.texts)
        self._text_names, self._texts_of = tuple(texts), itemgetter(*texts.values())

    @property
    def fields(self) -> tuple[bytes, ...]:
        """The hash fields to ask for, in the order `decode` expects their values."""
        return tuple(self._names)

    def key(self, customer_id: str) -> bytes:
        """The Redis key of the customer's hash."""
        return feast_key(self._bank, customer_id)

    def decode(self, values: Sequence[bytes | None]) -> DecodedFeatures:
        """The features behind the values of `fields`; None stands for a field the hash lacks."""
        if not all(self._days_of(values)):
            values = _without(values, [plan for plan in self._plans if not plan.has_data(values)])
        try:
            return DecodedFeatures(self._features(values), ())
        except ValueError:  # rare: find out of which view
            damaged = [plan for plan in self._plans if not plan.is_readable(values)]
            features = self._features(_without(values, damaged))
            return DecodedFeatures(features, tuple(plan.name for plan in damaged))

    def _features(self, values: Sequence[bytes | None]) -> RowFeatures:
        """Raises `ValueError` when some view cannot be read."""
        row = self._floats.row(values)
        days = np.array(list(map(_day, self._days_of(values))))
        texts = np.array(list(map(_text, self._texts_of(values))), dtype=object)
        return RowFeatures.of(
            row,
            self._places,
            dict(zip(self._text_names, texts[:, None], strict=True)),
            dict(zip(self._views, days[:, None], strict=True)),
        )

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
        return _ViewPlan(view, len(self._names) - 1, tuple(floats), tuple(texts))


class _FloatFrame:
    """Checks the stored bytes of all floats, and takes the numbers out of them, in one step."""

    def __init__(self, slots: list[_Slot]) -> None:
        self._stored_of = itemgetter(*(slot.place for slot in slots))
        self._unknown = tuple(slot.unknown for slot in slots)
        self._lengths = list(map(len, self._unknown))
        starts = np.cumsum([0, *self._lengths[:-1]])
        is_header = np.zeros(sum(self._lengths), dtype=np.bool_)
        for slot, start in zip(slots, starts, strict=True):
            is_header[start : start + len(slot.header)] = True
        self._header_places = np.flatnonzero(is_header)
        self._number_places = np.flatnonzero(~is_header)
        self._headers = b"".join(slot.header for slot in slots)

    def row(self, values: Sequence[bytes | None]) -> Float32s:
        """The numbers (1, width) among these values; `ValueError` when one is no float of its
        length. An unset `Value` is stored as no bytes at all: known to be unknown.
        """
        stored = [
            value or unset
            for value, unset in zip(self._stored_of(values), self._unknown, strict=True)
        ]
        if list(map(len, stored)) != self._lengths:
            raise ValueError("a float list of another length, or no float")
        joined = np.frombuffer(b"".join(stored), dtype=np.uint8)
        if joined.take(self._header_places).tobytes() != self._headers:
            raise ValueError("no float")
        return joined.take(self._number_places).view("<f4").reshape(1, -1)


def _slot(kind: Kind, place: int, product_count: int) -> _Slot:
    is_list = kind is not Kind.NUMBER
    count = list_length(kind, product_count) if is_list else 1
    header = float_list_header(count) if is_list else FLOAT_HEADER
    return _Slot(place, header, header + _UNKNOWN * count)


def _day(stamp: bytes | None) -> float:
    return decode_timestamp(stamp) if stamp else math.nan


def _text(stored: bytes | None) -> str | None:
    return decode_text(stored) if stored else None


def _without(values: Sequence[bytes | None], views: Sequence[_ViewPlan]) -> Sequence[bytes | None]:
    """The values as if nothing were stored of these views."""
    left = list(values)
    for view in views:
        for place in view.places():
            left[place] = None
    return left
