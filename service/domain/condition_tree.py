"""What a declared condition is once it has been read: a small typed tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

NumberOperator = Literal["==", "!=", "<", "<=", ">", ">="]
TextOperator = Literal["==", "!="]


class ConditionInvalid(Exception):
    """A condition cannot be understood; the message names what, where, and the cure."""


@dataclass(frozen=True)
class NumberTest:
    """A number of the customer against a number the bank wrote."""

    name: str
    operator: NumberOperator
    number: float


@dataclass(frozen=True)
class TextTest:
    """A text of the customer or of the request against one the bank wrote."""

    name: str
    operator: TextOperator
    text: str


@dataclass(frozen=True)
class Holds:
    """Whether she holds a product."""

    product_id: str


@dataclass(frozen=True)
class Known:
    """Whether a fact is known at all; never unknown itself, and never asked the other way round:
    what is missing must not permit.
    """

    name: str
    is_number: bool


@dataclass(frozen=True)
class Not:
    """The opposite; of unknown, unknown."""

    part: Condition


@dataclass(frozen=True)
class All:
    """Every part."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Any:
    """At least one part."""

    parts: tuple[Condition, ...]


Condition: TypeAlias = NumberTest | TextTest | Holds | Known | Not | All | Any
Atom: TypeAlias = NumberTest | TextTest | Holds | Known


def atoms_of(condition: Condition) -> Iterator[Atom]:
    """Every question the condition asks, from left to right."""
    if isinstance(condition, Not):
        yield from atoms_of(condition.part)
    elif isinstance(condition, All | Any):
        for part in condition.parts:
            yield from atoms_of(part)
    else:
        yield condition
