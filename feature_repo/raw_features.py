"""Feature values as columns, before any became a model column: what both halves exchange."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from feature_repo.contract import FEATURES, Kind, features_of, list_length

Float32s = NDArray[np.float32]
Float64s = NDArray[np.float64]
Codes = NDArray[np.intp]

_UNFILLED = np.float32(np.nan)

FLOAT_FEATURES = tuple(feature for feature in FEATURES if feature.kind is not Kind.CATEGORY)


@dataclass(frozen=True)
class RawFeatures:
    """Values of *n* customers under the contract's names; NaN or None is unknown, never zero.

    `event_days` is, per view, the day (since 1970-01-01, fractional) its values were true; NaN =
    the view has nothing.
    """

    numbers: Mapping[str, Float32s]
    categories: dict[str, NDArray[np.object_]]
    lists: Mapping[str, Float32s]
    event_days: dict[str, Float64s]

    @property
    def count(self) -> int:
        """How many customers the columns hold."""
        return len(next(iter(self.event_days.values())))

    def number(self, name: str) -> float:
        """This number of the first customer; NaN when unknown."""
        return float(self.numbers[name][0])

    @property
    def product_count(self) -> int:
        """How many products the lists are about."""
        return int(self.lists["held"].shape[1])

    def block(self, *parts: str | int) -> Float32s:
        """A new matrix (n, sum of widths) of these numbers and lists side by side; a width instead
        of a name leaves so many columns for the caller to fill.
        """
        return np.concatenate([self._columns(part) for part in parts], axis=1)

    def without(self, view: str) -> RawFeatures:
        """The same values, those of one view unknown."""
        names = {feature.name for feature in features_of(view)}
        return replace(
            self,
            numbers={name: _unknown_in(names, name, held) for name, held in self.numbers.items()},
            lists={name: _unknown_in(names, name, held) for name, held in self.lists.items()},
            categories=self._texts_without(view),
            event_days=self._days_without(view),
        )

    def _columns(self, part: str | int) -> Float32s:
        if isinstance(part, int):
            return np.broadcast_to(_UNFILLED, (self.count, part))
        return self.lists[part] if part in self.lists else self.numbers[part][:, None]

    def _texts_without(self, view: str) -> dict[str, NDArray[np.object_]]:
        names = {feature.name for feature in features_of(view)}
        return {
            name: np.full_like(held, None) if name in names else held
            for name, held in self.categories.items()
        }

    def _days_without(self, view: str) -> dict[str, Float64s]:
        return {
            name: np.full_like(held, np.nan) if name == view else held
            for name, held in self.event_days.items()
        }


@dataclass(frozen=True)
class RowFeatures(RawFeatures):
    """The same, read from one matrix (n, width) whose columns stand in contract order.

    A block is taken out of it in one step, whatever its number of features: this is what a single
    online customer is decoded to.
    """

    values: Float32s
    places: RowPlaces

    @classmethod
    def of(
        cls,
        values: Float32s,
        places: RowPlaces,
        categories: dict[str, NDArray[np.object_]],
        event_days: dict[str, Float64s],
    ) -> RowFeatures:
        """The features in these values."""
        numbers = _Columns(values, places.numbers)
        return cls(numbers, categories, _Columns(values, places.lists), event_days, values, places)

    def number(self, name: str) -> float:
        """This number of the first customer; NaN when unknown."""
        return self.values.item(0, self.places.numbers[name])

    @property
    def product_count(self) -> int:
        """How many products the lists are about."""
        return self.places.product_count

    def block(self, *parts: str | int) -> Float32s:
        """A new matrix of these columns, gathered in one step."""
        return self.values.take(self.places.positions(parts), axis=1)

    def without(self, view: str) -> RowFeatures:
        """The same values, those of one view unknown."""
        names = tuple(f.name for f in FLOAT_FEATURES if f.view == view)
        values = self.values.copy()
        values[:, self.places.positions(names)] = np.nan
        texts, days = self._texts_without(view), self._days_without(view)
        return RowFeatures.of(values, self.places, texts, days)


class RowPlaces:
    """Where each number and list of the contract lies in a row, for a bank with so many
    products.
    """

    def __init__(self, product_count: int) -> None:
        self.numbers: dict[str, int] = {}
        self.lists: dict[str, int | slice] = {}
        self.product_count = product_count
        self._positions: dict[tuple[str | int, ...], Codes] = {}
        self.width = 0
        for feature in FLOAT_FEATURES:
            if feature.kind is Kind.NUMBER:
                self.numbers[feature.name] = self.width
                self.width += 1
                continue
            length = list_length(feature.kind, product_count)
            self.lists[feature.name] = slice(self.width, self.width + length)
            self.width += length

    def positions(self, parts: tuple[str | int, ...]) -> Codes:
        """The columns of these features, in the order of the names; any for those to be filled."""
        found = self._positions.get(parts)
        if found is None:
            found = self._positions[parts] = np.concatenate([self._place(part) for part in parts])
        return found

    def _place(self, part: str | int) -> Codes:
        if isinstance(part, int):
            return np.zeros(part, dtype=np.intp)
        place = self.lists[part] if part in self.lists else self.numbers[part]
        return np.atleast_1d(np.arange(self.width)[place])


@lru_cache(maxsize=64)
def row_places(product_count: int) -> RowPlaces:
    """The places for so many products, computed once."""
    return RowPlaces(product_count)


class _Columns(Mapping[str, Float32s]):
    """Named views into a matrix; a view is made when it is asked for."""

    def __init__(self, values: Float32s, places: Mapping[str, int | slice]) -> None:
        self._values, self._places = values, places

    def __getitem__(self, name: str) -> Float32s:
        return self._values[:, self._places[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def _unknown_in(names: set[str], name: str, held: Float32s) -> Float32s:
    return np.full_like(held, np.nan) if name in names else held
