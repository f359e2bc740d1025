"""From a condition's text to its tree: every name known, every comparison of like with like."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NoReturn, cast

import numpy as np

from service.domain.condition_tokens import Token, tokens_of
from service.domain.condition_tree import (
    All,
    Any,
    Condition,
    ConditionInvalid,
    Holds,
    Known,
    Not,
    NumberOperator,
    NumberTest,
    TextOperator,
    TextTest,
)

MOST_DEPTH = 20
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


@dataclass(frozen=True)
class ConditionNames:
    """What conditions may ask for; `products` None = any. `text_values` closes the values of some
    texts.
    """

    numbers: Collection[str]
    texts: Collection[str]
    products: Collection[str] | None = None
    text_values: Mapping[str, Collection[str]] | None = None


def parse_condition(text: str, names: ConditionNames) -> Condition:
    """The tree of `age >= 18 and not has_product("mortgage")`; `ConditionInvalid` names place and
    cure.
    """
    parser = _Parser(tokens_of(text), names)
    condition = parser.either()
    parser.expect_end()
    _refuse_asking_for_absence(condition, is_negated=False)
    return condition


def closest(name: str, known: Collection[str]) -> str:
    """`did you mean …?`, or what there is, for a name nobody knows."""
    near = get_close_matches(name, known, n=1)
    if near:
        return f"did you mean {near[0]}?"
    return f"known are {', '.join(sorted(known)) or 'none'}"


def _refuse_asking_for_absence(condition: Condition, *, is_negated: bool) -> None:
    if isinstance(condition, Known) and is_negated:
        raise ConditionInvalid(
            f"not ({condition.name} is known) cannot be asked: what is missing must never permit"
        )
    if isinstance(condition, Not):
        _refuse_asking_for_absence(condition.part, is_negated=not is_negated)
    elif isinstance(condition, All | Any):
        for part in condition.parts:
            _refuse_asking_for_absence(part, is_negated=is_negated)


class _Parser:
    def __init__(self, tokens: tuple[Token, ...], names: ConditionNames) -> None:
        self._tokens, self._names, self._at, self._depth = tokens, names, 0, 0

    def either(self) -> Condition:
        parts = [self._all()]
        while self._takes("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Any(tuple(parts))

    def expect_end(self) -> None:
        if self._next.kind == "end":
            return
        if self._next.text in COMPARISONS:
            self._refuse("a comparison has two sides: join two of them with and")
        self._refuse("expected and, or, or the end")

    def _all(self) -> Condition:
        parts = [self._negation()]
        while self._takes("and"):
            parts.append(self._negation())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _negation(self) -> Condition:
        if not self._takes("not"):
            return self._primary()
        self._deeper()
        part = self._negation()
        self._depth -= 1
        return Not(part)

    def _primary(self) -> Condition:
        if self._takes("("):
            self._deeper()
            inside = self.either()
            self._demand(")")
            self._depth -= 1
            return inside
        if self._takes("has_product"):
            return self._holding()
        if self._next.kind in ("number", "text"):
            self._refuse("write the name first, as in age >= 18")
        if self._next.kind != "name":
            self._refuse("expected a name, has_product, not or (")
        return self._test(self._take())

    def _holding(self) -> Condition:
        self._demand("(")
        if self._next.kind != "text":
            self._refuse('expected a product in quotes, as in has_product("mortgage")')
        product = self._take()
        self._demand(")")
        known = self._names.products
        if known is not None and product.text not in known:
            raise ConditionInvalid(
                f"unknown product {product.text}: {closest(product.text, known)}"
            )
        return Holds(product.text)

    def _test(self, name: Token) -> Condition:
        is_number = name.text in self._names.numbers
        if not is_number and name.text not in self._names.texts:
            known = [*self._names.numbers, *self._names.texts]
            raise ConditionInvalid(f"unknown name {name.text}: {closest(name.text, known)}")
        if self._takes("is"):
            return self._known(name.text, is_number=is_number)
        if self._takes("in"):
            return self._among(name.text, is_number=is_number)
        if self._next.text == "not" and self._tokens[self._at + 1].text == "in":
            self._at += 2
            return Not(self._among(name.text, is_number=is_number))
        if self._next.kind != "sign" or self._next.text not in COMPARISONS:
            self._refuse(f"{name.text} stands alone: compare it, as in {name.text} == 1")
        return self._compared(name.text, self._take().text, is_number=is_number)

    def _known(self, name: str, *, is_number: bool) -> Condition:
        if not self._takes("known"):
            self._refuse("only `is known` can be asked: what is missing must never permit")
        return Known(name, is_number)

    def _among(self, name: str, *, is_number: bool) -> Condition:
        self._demand("[")
        parts = [self._compared(name, "==", is_number=is_number)]
        while self._takes(","):
            parts.append(self._compared(name, "==", is_number=is_number))
        self._demand("]")
        return Any(tuple(parts))

    def _compared(self, name: str, operator: str, *, is_number: bool) -> Condition:
        value = self._next
        if is_number:
            if value.kind != "number":
                self._refuse(f"{name} is a number: compare it with a number without quotes")
            self._at += 1
            return NumberTest(name, cast("NumberOperator", operator), _stored(value))
        if value.kind != "text":
            self._refuse(f"{name} is a text: compare it with a text in quotes")
        if operator not in ("==", "!="):
            self._refuse(f"{name} is a text and has no order: use ==, != or in")
        allowed = (self._names.text_values or {}).get(name)
        if allowed is not None and value.text not in allowed:
            raise ConditionInvalid(
                f"{name} is never {value.text!r}: {closest(value.text, allowed)}"
            )
        self._at += 1
        return TextTest(name, cast("TextOperator", operator), value.text)

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        self._at += 1
        return self._tokens[self._at - 1]

    def _takes(self, text: str) -> bool:
        if self._next.kind not in ("keyword", "sign") or self._next.text != text:
            return False
        self._at += 1
        return True

    def _demand(self, text: str) -> None:
        if not self._takes(text):
            self._refuse(f"expected {text}")

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise ConditionInvalid(
                f"the condition is nested deeper than {MOST_DEPTH} levels: write it flatter"
            )

    def _refuse(self, why: str) -> NoReturn:
        raise ConditionInvalid(f"at character {self._next.place}, {self._next.text!r}: {why}")


def _stored(value: Token) -> float:
    """The number as features are stored, in 32 bits: 3000.1 is not above 3000.1."""
    with np.errstate(over="ignore"):
        number = float(np.float32(value.text))
    if math.isinf(number):
        raise ConditionInvalid(f"{value.text} at character {value.place} is too large a number")
    return number
