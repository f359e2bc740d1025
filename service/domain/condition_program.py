"""All conditions of a catalogue as one vectorised program: distinct questions once, then AND and OR
level by level over all offers.

Every fact becomes one float (texts as the code of the text, holdings as 0 or 1, unknown as NaN),
every question `sign × fact < threshold`, `fact == value` or "is known", with negations pushed down
to the questions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.domain.condition_tree import (
    All,
    Any,
    Condition,
    Holds,
    Known,
    Not,
    NumberTest,
    TextTest,
)
from service.domain.conditions import Facts, Truths

Indices = NDArray[np.intp]
ALWAYS = 0
"""The place of TRUE, for offers without a condition."""
_BELOW = {"<": (1.0, False), "<=": (1.0, True), ">": (-1.0, False), ">=": (-1.0, True)}
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


@dataclass(frozen=True)
class _Level:
    """The nodes that need only what earlier levels gave; they follow it without a gap."""

    all_parts: Indices
    all_starts: Indices
    any_parts: Indices
    any_starts: Indices


class ConditionProgram:
    """Gives the truth of every root under Kleene's logic; a root of None is always TRUE."""

    def __init__(self, roots: Sequence[Condition | None]) -> None:
        plan = _Plan()
        nodes = [None if root is None else plan.node(root, negated=False) for root in roots]
        self._numbers, self._texts = tuple(plan.numbers), tuple(plan.texts.items())
        self._products = tuple(plan.products)
        slots = plan.slots()
        below = list(plan.below)
        equal = list(plan.equal)
        self._below_slot = _places([slots[slot] for slot, _, _ in below])
        self._below_sign = np.array([sign for _, sign, _ in below], dtype=np.float64)
        self._below_than = np.array([threshold for _, _, threshold in below], dtype=np.float64)
        self._equal_slot = _places([slots[slot] for slot, _, _ in equal])
        self._equal_to = np.array([value for _, value, _ in equal], dtype=np.float64)
        self._equal_sign = np.array([sign for _, _, sign in equal], dtype=np.int8)
        self._known_slot = _places([slots[slot] for slot, _ in plan.known])
        self._known_sign = np.array([sign for _, sign in plan.known], dtype=np.int8)
        self._levels, place_of = plan.levels()
        self._size = len(place_of)
        self._roots = _places([ALWAYS if n is None else place_of[n] for n in nodes])

    def truths(self, facts: Facts) -> Truths:
        """int8 per root."""
        values = self._values(facts)
        truths = np.empty(self._size, dtype=np.int8)
        truths[ALWAYS] = 1
        at, end = 1, 1 + len(self._below_slot)
        if at < end:
            seen = values.take(self._below_slot)
            truths[at:end] = _truth(seen, self._below_sign * seen < self._below_than)
        at, end = end, end + len(self._equal_slot)
        if at < end:
            seen = values.take(self._equal_slot)
            truths[at:end] = _truth(seen, seen == self._equal_to) * self._equal_sign
        at, end = end, end + len(self._known_slot)
        if at < end:
            is_known = ~np.isnan(values.take(self._known_slot))
            truths[at:end] = (is_known.view(np.int8) * 2 - 1) * self._known_sign
        for level in self._levels:
            at, end = end, end + len(level.all_starts)
            if at < end:
                np.minimum.reduceat(
                    truths.take(level.all_parts), level.all_starts, out=truths[at:end]
                )
            at, end = end, end + len(level.any_starts)
            if at < end:
                np.maximum.reduceat(
                    truths.take(level.any_parts), level.any_starts, out=truths[at:end]
                )
        return truths.take(self._roots)

    def _values(self, facts: Facts) -> NDArray[np.float64]:
        numbers, texts, has_product = facts.numbers, facts.texts, facts.has_product
        values = [numbers[name] for name in self._numbers]
        for name, codes in self._texts:
            text = texts[name]
            values.append(math.nan if text is None else codes.get(text, -1.0))
        for product in self._products:
            held = has_product(product)
            values.append(math.nan if held is None else held)
        return np.array(values, dtype=np.float64)


_Slot = tuple[str, str]
_Node = tuple[object, ...]


class _Plan:
    """Collects what is asked, each question and each combination once."""

    def __init__(self) -> None:
        self.numbers: dict[str, None] = {}
        self.texts: dict[str, dict[str, float]] = {}
        self.products: dict[str, None] = {}
        self.below: dict[tuple[_Slot, float, float], None] = {}
        self.equal: dict[tuple[_Slot, float, int], None] = {}
        self.known: dict[tuple[_Slot, int], None] = {}
        self._combined: dict[_Node, int] = {}

    def node(self, condition: Condition, *, negated: bool) -> _Node:
        """The node that answers the condition, or its opposite."""
        match condition:
            case Not(part):
                return self.node(part, negated=not negated)
            case All(parts) | Any(parts):
                is_all = isinstance(condition, All) != negated
                return self._combine(parts, is_all=is_all, negated=negated)
            case NumberTest(name, operator, number):
                self.numbers[name] = None
                asked = _OPPOSITE[operator] if negated else operator
                return self._number(("number", name), asked, number)
            case TextTest(name, operator, text):
                codes = self.texts.setdefault(name, {})
                code = codes.setdefault(text, float(len(codes)))
                return self._equal(("text", name), code, (operator == "==") != negated)
            case Holds(product_id):
                self.products[product_id] = None
                return self._equal(("product", product_id), 1.0, not negated)
            case Known(name, is_number):
                return self._known(name, is_number=is_number, sign=-1 if negated else 1)

    def slots(self) -> dict[_Slot, int]:
        """Where each fact's float stands."""
        facts = [("number", name) for name in self.numbers]
        facts += [("text", name) for name in self.texts]
        facts += [("product", name) for name in self.products]
        return {fact: place for place, fact in enumerate(facts)}

    def levels(self) -> tuple[tuple[_Level, ...], dict[_Node, int]]:
        """The combinations by height, and the place of every node's truth; TRUE stands first."""
        atoms: list[_Node] = [("below", *asked) for asked in self.below]
        atoms += [("equal", *asked) for asked in self.equal]
        atoms += [("known", *asked) for asked in self.known]
        place_of: dict[_Node, int] = {("true",): ALWAYS}
        place_of |= {atom: place for place, atom in enumerate(atoms, start=1)}
        levels = []
        for height in range(1, max(self._combined.values(), default=0) + 1):
            here = [node for node, own in self._combined.items() if own == height]
            alls = [node for node in here if node[0] == "all"]
            anys = [node for node in here if node[0] == "any"]
            levels.append(_Level(*_segments(alls, place_of), *_segments(anys, place_of)))
            for node in (*alls, *anys):
                place_of[node] = len(place_of)
        return tuple(levels), place_of

    def _combine(self, parts: tuple[Condition, ...], *, is_all: bool, negated: bool) -> _Node:
        nodes = tuple(dict.fromkeys(self.node(part, negated=negated) for part in parts))
        if len(nodes) == 1:
            return nodes[0]
        combined: _Node = ("all" if is_all else "any", *nodes)
        height = 1 + max(self._combined.get(node, 0) for node in nodes)
        self._combined[combined] = height
        return combined

    def _number(self, slot: _Slot, operator: str, number: float) -> _Node:
        if operator in ("==", "!="):
            return self._equal(slot, number, operator == "==")
        sign, is_reached = _BELOW[operator]
        threshold = sign * number
        if is_reached:
            threshold = float(np.nextafter(threshold, np.inf))
        self.below[slot, sign, threshold] = None
        return ("below", slot, sign, threshold)

    def _equal(self, slot: _Slot, value: float, is_wanted: bool) -> _Node:
        sign = 1 if is_wanted else -1
        self.equal[slot, value, sign] = None
        return ("equal", slot, value, sign)

    def _known(self, name: str, *, is_number: bool, sign: int) -> _Node:
        if is_number:
            self.numbers[name] = None
        else:
            self.texts.setdefault(name, {})
        slot = ("number" if is_number else "text", name)
        self.known[slot, sign] = None
        return ("known", slot, sign)


def _truth(seen: NDArray[np.float64], holds: NDArray[np.bool_]) -> Truths:
    """TRUE, FALSE, or UNKNOWN where the fact is NaN."""
    truths: Truths = (holds.view(np.int8) * 2 - 1) * (seen == seen)
    return truths


def _segments(nodes: list[_Node], place_of: dict[_Node, int]) -> tuple[Indices, Indices]:
    parts = [[place_of[part] for part in node[1:]] for node in nodes]  # type: ignore[index]
    lengths = [len(part) for part in parts]
    starts = np.cumsum([0, *lengths])[:-1]
    return _places([place for part in parts for place in part]), _places(starts)


def _places(places: Sequence[int] | NDArray[np.intp]) -> Indices:
    return np.array(places, dtype=np.intp)
