"""Reads one customer's Feast hash without Feast: which fields to ask for, and what the answer
says.
"""

from __future__ import annotations

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
from feature_repo.raw_features import RawFeatures

_UNKNOWN = np.float32(np.nan).tobytes()


@dataclass(frozen=True)
class DecodedFeatures:
    """One customer's features (n = 1), and the views whose stored bytes could not be read.

    An undecodable view counts as missing: its values are unknown, its event day NaN.
    """

    raw: RawFeatures
    undecodable: tuple[str, ...]


class _Slot(NamedTuple):
    """One float feature: its place in the answer, what its bytes must look like, its place in the
    row.
    """

    name: str
    place: int
    header: bytes
    length: int
    unknown: bytes
    start: int
    stop: int
    is_list: bool


class _ViewPlan(NamedTuple):
    name: str
    timestamp_place: int
    floats: tuple[_Slot, ...]
    texts: tuple[tuple[str, int], ...]
    unknown: bytes


class FeastLayoutReader:
    """Knows the fields and bytes of one bank's online features; it does no I/O."""

    def __init__(self, bank: str, product_count: int) -> None:
        self._bank = bank
        self._plans: list[_ViewPlan] = []
        self._names: list[bytes] = []
        row_length = 0
        for view in VIEWS:
            plan = self._plan(view.name, product_count, row_length)
            row_length = plan.floats[-1].stop
            self._plans.append(plan)

    @property
    def fields(self) -> tuple[bytes, ...]:
        """The hash fields to ask for, in the order `decode` expects their values."""
        return tuple(self._names)

    def key(self, customer_id: str) -> bytes:
        """The Redis key of the customer's hash."""
        return feast_key(self._bank, customer_id)

    def decode(self, values: list[bytes | None]) -> DecodedFeatures:
        """The features behind the values of `fields`; None stands for a field the hash lacks."""
        parts: list[bytes] = []
        texts: dict[str, str | None] = {}
        days: dict[str, float] = {}
        undecodable: list[str] = []
        for plan in self._plans:
            try:
                decoded = _decode_view(plan, values)
            except ValueError:
                undecodable.append(plan.name)
                decoded = None
            day, view_parts, view_texts = decoded or (np.nan, [plan.unknown], {})
            days[plan.name] = day
            parts += view_parts
            for name, _ in plan.texts:
                texts[name] = view_texts.get(name)
        return DecodedFeatures(self._raw(b"".join(parts), texts, days), tuple(undecodable))

    def _plan(self, view: str, product_count: int, row_start: int) -> _ViewPlan:
        floats: list[_Slot] = []
        texts: list[tuple[str, int]] = []
        start = row_start
        for feature in features_of(view):
            place = len(self._names)
            self._names.append(feast_field(view, feature.name))
            if feature.kind is Kind.CATEGORY:
                texts.append((feature.name, place))
                continue
            slot = _slot(feature.name, feature.kind, place, product_count, start)
            floats.append(slot)
            start = slot.stop
        self._names.append(timestamp_field(view))
        unknown = _UNKNOWN * (start - row_start)
        return _ViewPlan(view, len(self._names) - 1, tuple(floats), tuple(texts), unknown)

    def _raw(self, row: bytes, texts: dict[str, str | None], days: dict[str, float]) -> RawFeatures:
        flat = np.frombuffer(row, dtype="<f4")
        matrix = flat.reshape(1, -1)
        numbers, lists = {}, {}
        for plan in self._plans:
            for slot in plan.floats:
                if slot.is_list:
                    lists[slot.name] = matrix[:, slot.start : slot.stop]
                else:
                    numbers[slot.name] = flat[slot.start : slot.stop]
        categories = {name: np.array([text], dtype=object) for name, text in texts.items()}
        event_days = {name: np.array([day]) for name, day in days.items()}
        return RawFeatures(numbers, categories, lists, event_days)


def _slot(name: str, kind: Kind, place: int, product_count: int, start: int) -> _Slot:
    is_list = kind is not Kind.NUMBER
    count = list_length(kind, product_count) if is_list else 1
    header = float_list_header(count) if is_list else FLOAT_HEADER
    length = len(header) + len(_UNKNOWN) * count
    return _Slot(name, place, header, length, _UNKNOWN * count, start, start + count, is_list)


def _decode_view(
    plan: _ViewPlan, values: list[bytes | None]
) -> tuple[float, list[bytes], dict[str, str]] | None:
    """Event day, float bytes and texts of a view; None when the hash lacks it, ValueError when
    unreadable.
    """
    stamp = values[plan.timestamp_place]
    if not stamp:
        return None
    parts = [_float_part(slot, values[slot.place]) for slot in plan.floats]
    texts = {name: decode_text(value) for name, place in plan.texts if (value := values[place])}
    return decode_timestamp(stamp), parts, texts


def _float_part(slot: _Slot, value: bytes | None) -> bytes:
    # An unset Value is stored as no bytes at all: known to be unknown.
    if not value:
        return slot.unknown
    if len(value) != slot.length or not value.startswith(slot.header):
        raise ValueError("not the kind of floats the contract says")
    return value[len(slot.header) :]
