"""All conditions of a catalogue as one vectorised program: distinct questions once, then AND and OR
level by level over all offers.

Every fact becomes one float: numbers as they are, "is this text" and "holds this product" as 0 or
1, unknown as NaN. Every question becomes `sign × fact < threshold`, which an unknown fact fails;
negations are pushed down to the questions. A condition that allows what it cannot tell asks the
opposite questions and takes the opposite of their answers, so that the unknown passes them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any as _Any

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
from service.domain.conditions import DeclaredCondition, Facts

Indices = NDArray[np.intp]
ALWAYS = 0
"""The place of what always holds, for offers without a condition."""
_BELOW = {"<": (1.0, False), "<=": (1.0, True), ">": (-1.0, False), ">=": (-1.0, True)}
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
_HALF = 0.5
"""Between the 0 and the 1 that answer yes or no."""


@dataclass(frozen=True)
class _Step:
    """Nodes of one height, whose parts earlier steps have answered."""

    combine: Callable[..., NDArray[np.bool_]]
    parts: Indices
    starts: Indices
    answers: slice


class ConditionProgram:
    """Tells of every offer whether all its conditions hold, of several kinds of conditions at
    once; a condition that is unknown under Kleene's logic holds where it was declared to allow
    that.
    """

    def __init__(self, *kinds: Sequence[tuple[DeclaredCondition, ...]]) -> None:
        plan = _Plan()
        roots = [[plan.root(declared) for declared in offers] for offers in kinds]
        self._numbers, self._known = tuple(plan.numbers), tuple(plan.known)
        self._texts = tuple((name, _TextAnswers(texts)) for name, texts in plan.texts.items())
        self._products = tuple(plan.products)
        slots, asked = plan.slots(), list(plan.questions)
        self._slot = _places([slots[it.slot] for it in asked])
        self._sign = np.array([it.sign for it in asked], dtype=np.float64)
        self._below = np.array([it.below for it in asked], dtype=np.float64)
        self._reversed = np.array([it.is_reversed for it in asked], dtype=np.bool_)
        self._answers = slice(ALWAYS + 1, ALWAYS + 1 + len(asked))
        self._steps, place_of = plan.steps(chain.from_iterable(roots))
        self._size = len(place_of)
        self._roots = _places([[place_of[root] for root in offers] for offers in roots])

    def holds(self, facts: Facts) -> NDArray[np.bool_]:
        """bool[kinds, offers]."""
        holds = np.empty(self._size, dtype=np.bool_)
        holds[ALWAYS] = True
        seen = self._values(facts).take(self._slot) * self._sign
        np.not_equal(seen < self._below, self._reversed, out=holds[self._answers])
        for step in self._steps:
            step.combine(holds.take(step.parts), step.starts, out=holds[step.answers])
        return holds.take(self._roots)

    def _values(self, facts: Facts) -> NDArray[np.float64]:
        values = [facts.number(name) for name in self._numbers]
        for name, answers in self._texts:
            values += answers.to(facts.text(name))
        for product in self._products:
            held = facts.has_product(product)
            values.append(math.nan if held is None else held)
        values += [_is_known(facts, name, is_number=number) for name, number in self._known]
        return np.array(values, dtype=np.float64)


class _TextAnswers:
    """Whether a fact is each of these texts, as 0 or 1; NaN when the fact is unknown."""

    def __init__(self, texts: Iterable[str]) -> None:
        asked = tuple(texts)
        self._of = {text: [float(other == text) for other in asked] for text in asked}
        self._other, self._unknown = [0.0] * len(asked), [math.nan] * len(asked)

    def to(self, text: str | None) -> list[float]:
        """The answers for this text."""
        return self._unknown if text is None else self._of.get(text, self._other)


def _is_known(facts: Facts, name: str, *, is_number: bool) -> bool:
    return not math.isnan(facts.number(name)) if is_number else facts.text(name) is not None


_Slot = tuple[object, ...]
_Node = tuple[_Any, ...]
NOTHING_ASKED: _Node = ("all",)


@dataclass(frozen=True)
class _Question:
    """`sign × fact < below`, or the opposite of its answer."""

    slot: _Slot
    sign: float
    below: float
    is_reversed: bool


class _Plan:
    """Collects what is asked, each question and each combination once."""

    def __init__(self) -> None:
        self.numbers: dict[str, None] = {}
        self.texts: dict[str, dict[str, None]] = {}
        self.products: dict[str, None] = {}
        self.known: dict[tuple[str, bool], None] = {}
        self.questions: dict[_Question, None] = {}

    def root(self, declared: tuple[DeclaredCondition, ...]) -> _Node:
        """The node that holds when all of these do, each as it takes the unknown."""
        nodes = (
            self._node(it.tree, negated=False, forgives=not it.denies_unknown) for it in declared
        )
        return _combined("all", nodes)

    def slots(self) -> dict[_Slot, int]:
        """Where each fact's float stands."""
        facts: list[_Slot] = [("number", name) for name in self.numbers]
        facts += [("text", name, text) for name, texts in self.texts.items() for text in texts]
        facts += [("product", name) for name in self.products]
        facts += [("known", *asked) for asked in self.known]
        return {fact: place for place, fact in enumerate(facts)}

    def steps(self, roots: Iterable[_Node]) -> tuple[tuple[_Step, ...], dict[_Node, int]]:
        """The combinations under these roots by height, ANY at odd ones and ALL at even ones, and
        the place of every node's answer.
        """
        place_of: dict[_Node, int] = {NOTHING_ASKED: ALWAYS}
        place_of |= {("question", it): place for place, it in enumerate(self.questions, start=1)}
        heights: dict[_Node, int] = {}
        for root in roots:
            _height(root, heights)
        steps = []
        for height in sorted(set(heights.values())):
            combine = np.logical_or.reduceat if height % 2 else np.logical_and.reduceat
            here = [node for node, own in heights.items() if own == height]
            places = slice(len(place_of), len(place_of) + len(here))
            steps.append(_Step(combine, *_segments(here, place_of), places))
            place_of |= zip(here, range(places.start, places.stop), strict=True)
        return tuple(steps), place_of

    def _node(self, condition: Condition, *, negated: bool, forgives: bool) -> _Node:
        """The node that answers the condition, or its opposite."""
        match condition:
            case Not(part):
                return self._node(part, negated=not negated, forgives=forgives)
            case All(parts) | Any(parts):
                kind = "all" if isinstance(condition, All) != negated else "any"
                nodes = (self._node(it, negated=negated, forgives=forgives) for it in parts)
                return _combined(kind, nodes)
            case NumberTest(name, operator, number):
                self.numbers[name] = None
                asked = _OPPOSITE[operator] if negated else operator
                return self._number(("number", name), asked, number, forgives=forgives)
            case TextTest(name, operator, text):
                self.texts.setdefault(name, {})[text] = None
                is_wanted = (operator == "==") != negated
                return self._is(("text", name, text), is_wanted=is_wanted, forgives=forgives)
            case Holds(product_id):
                self.products[product_id] = None
                return self._is(("product", product_id), is_wanted=not negated, forgives=forgives)
            case Known(name, is_number):
                self.known[name, is_number] = None
                return self._is(
                    ("known", name, is_number), is_wanted=not negated, forgives=forgives
                )

    def _is(self, slot: _Slot, *, is_wanted: bool, forgives: bool) -> _Node:
        return self._number(slot, ">" if is_wanted else "<", _HALF, forgives=forgives)

    def _number(self, slot: _Slot, operator: str, number: float, *, forgives: bool) -> _Node:
        if operator in ("==", "!="):
            kind, sides = ("all", ("<=", ">=")) if operator == "==" else ("any", ("<", ">"))
            nodes = (self._number(slot, side, number, forgives=forgives) for side in sides)
            return _combined(kind, nodes)
        sign, is_reached = _BELOW[_OPPOSITE[operator] if forgives else operator]
        threshold = sign * number
        if is_reached:
            threshold = float(np.nextafter(threshold, np.inf))
        question = _Question(slot, sign, threshold, forgives)
        self.questions[question] = None
        return ("question", question)


def _combined(kind: str, nodes: Iterable[_Node]) -> _Node:
    """One node of that kind; parts of the same kind are taken apart into it."""
    parts: dict[_Node, None] = {}
    for node in nodes:
        parts |= dict.fromkeys(node[1:] if node[0] == kind else (node,))
    return next(iter(parts)) if len(parts) == 1 else (kind, *parts)


def _height(node: _Node, heights: dict[_Node, int]) -> int:
    """The height of a node, kept with those of the combinations below it; of a question 0."""
    kind, *parts = node
    if kind == "question" or node == NOTHING_ASKED:
        return 0
    if node not in heights:
        above = 1 + max(_height(part, heights) for part in parts)
        heights[node] = above + (above % 2 == (kind == "all"))
    return heights[node]


def _segments(nodes: list[_Node], place_of: dict[_Node, int]) -> tuple[Indices, Indices]:
    parts = [[place_of[part] for part in node[1:]] for node in nodes]
    starts = np.cumsum([0, *map(len, parts)])[:-1]
    return _places([*chain.from_iterable(parts)]), starts


def _places(places: Sequence[object]) -> Indices:
    return np.array(places, dtype=np.intp)
