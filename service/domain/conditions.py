"""Declared conditions of all offers, compiled: one verdict per offer under three-valued logic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Truths = NDArray[np.int8]


class Truth(IntEnum):
    """Kleene's three values; AND is the smaller, OR the larger, NOT the negative."""

    FALSE = -1
    UNKNOWN = 0
    TRUE = 1


class Facts(Protocol):
    """What a condition may ask about one customer in one request; NaN and None are unknown."""

    @property
    def numbers(self) -> Mapping[str, float]:
        """Numbers of the contract, `age` among them."""

    @property
    def texts(self) -> Mapping[str, str | None]:
        """Categories of the contract; channel, trigger, intent and device of the request."""

    def has_product(self, product_id: str) -> bool | None:
        """Whether she holds the product."""


class Conditions(Protocol):
    """The conditions of every offer of a catalogue; an offer without one is always TRUE."""

    def verdicts(self, facts: Facts) -> Truths:
        """int8 per offer: a `Truth`."""

    def denied_when_unknown(self) -> NDArray[np.bool_]:
        """True per offer whose condition denies where it cannot be told."""

    def text(self, row: int) -> str | None:
        """The condition as the bank wrote it; None when the offer has none."""

    def seen(self, row: int, facts: Facts) -> str:
        """The facts the offer's condition asks for, as `name=value`, for people."""


@dataclass(frozen=True)
class NoConditions:
    """A catalogue that declares none."""

    count: int

    def verdicts(self, facts: Facts) -> Truths:
        """TRUE everywhere."""
        del facts
        return np.ones(self.count, dtype=np.int8)

    def denied_when_unknown(self) -> NDArray[np.bool_]:
        """Nothing is unknown."""
        return np.zeros(self.count, dtype=np.bool_)

    def text(self, row: int) -> str | None:
        """None."""
        del row
        return None

    def seen(self, row: int, facts: Facts) -> str:
        """Nothing is asked for."""
        del row, facts
        return ""
