"""Declared conditions: what the language means, and that the vectorised program means the same."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import IntEnum

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.condition_parser import ConditionNames, parse_condition
from service.domain.condition_program import ConditionProgram
from service.domain.condition_tree import (
    All,
    Any,
    Condition,
    ConditionInvalid,
    Holds,
    Known,
    Not,
    NumberTest,
    TextTest,
)
from service.domain.conditions import Conditions, DeclaredCondition

NUMBERS = ("age", "income_monthly", "days_since_joined")
TEXTS = ("segment", "channel")
PRODUCTS = ("account", "card", "fund")
NAMES = ConditionNames(NUMBERS, TEXTS, PRODUCTS, {"channel": ("mobile_app", "sms")})
MEANINGS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
many = settings(max_examples=500, deadline=None)


class Truth(IntEnum):
    """Kleene's three values; AND is the smaller, OR the larger, NOT the negative."""

    FALSE = -1
    UNKNOWN = 0
    TRUE = 1


@dataclass(frozen=True)
class ToyFacts:
    """Facts given one by one; what is not given is unknown."""

    given_numbers: Mapping[str, float] = field(default_factory=dict)
    given_texts: Mapping[str, str | None] = field(default_factory=dict)
    held: Mapping[str, bool | None] = field(default_factory=dict)

    def number(self, name: str) -> float:
        return self.given_numbers.get(name, math.nan)

    def text(self, name: str) -> str | None:
        return self.given_texts.get(name)

    def has_product(self, product_id: str) -> bool | None:
        return self.held.get(product_id)


def interpreted(condition: Condition, facts: ToyFacts) -> Truth:  # noqa: PLR0911 - one per kind
    """Kleene's logic as the textbook says it, one node at a time."""
    match condition:
        case Not(part):
            return Truth(-interpreted(part, facts))
        case All(parts):
            return min(interpreted(part, facts) for part in parts)
        case Any(parts):
            return max(interpreted(part, facts) for part in parts)
        case Holds(product):
            held = facts.has_product(product)
            return Truth.UNKNOWN if held is None else truth(held)
        case Known(name, is_number):
            known = not math.isnan(facts.number(name)) if is_number else facts.text(name)
            return truth(bool(known))
        case TextTest(name, asked, text):
            said = facts.text(name)
            return Truth.UNKNOWN if said is None else truth((said == text) == (asked == "=="))
        case NumberTest(name, asked, number):
            seen = facts.number(name)
            known = not math.isnan(seen)
            return truth(MEANINGS[asked](seen, number)) if known else Truth.UNKNOWN


def truth(holds: bool) -> Truth:
    return Truth.TRUE if holds else Truth.FALSE


def verdicts(trees: Sequence[Condition | None], facts: ToyFacts) -> list[Truth]:
    """The truth of each tree through the program: certain, possible, or neither; none is TRUE."""
    certain, possible = (
        [() if tree is None else (DeclaredCondition("", tree, denies),) for tree in trees]
        for denies in (True, False)
    )
    holds = ConditionProgram(certain, possible).holds(facts)
    assert holds.dtype == np.bool_
    assert not (holds[0] & ~holds[1]).any()
    return [Truth(int(count) - 1) for count in holds.sum(axis=0)]


def verdict(text: str, facts: ToyFacts) -> Truth:
    """The truth of one condition through the program."""
    return verdicts([parse_condition(text, NAMES)], facts)[0]


edges = st.sampled_from([-1.0, 0.0, 17.0, 18.0, float(np.float32(3000.1)), 1e9])
operators = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
words = st.sampled_from(["student", "private", "mobile_app"])
atoms = st.one_of(
    st.builds(NumberTest, st.sampled_from(NUMBERS), operators, edges),
    st.builds(TextTest, st.sampled_from(TEXTS), st.sampled_from(["==", "!="]), words),
    st.builds(Holds, st.sampled_from(PRODUCTS)),
)
askable = atoms | st.sampled_from([Known("age", True), Known("segment", False)])


def trees(leaves: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    """Any nesting of these questions."""

    def nested(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
        parts = st.lists(inner, min_size=1, max_size=4).map(tuple)
        return st.builds(Not, inner) | st.builds(All, parts) | st.builds(Any, parts)

    return st.recursive(leaves, nested, max_leaves=12)


facts_strategy = st.builds(
    ToyFacts,
    st.dictionaries(st.sampled_from(NUMBERS), edges | st.just(math.nan)),
    st.dictionaries(st.sampled_from(TEXTS), words | st.none()),
    st.dictionaries(st.sampled_from(PRODUCTS), st.booleans() | st.none()),
)


@given(st.lists(trees(askable) | st.none(), min_size=1, max_size=6), facts_strategy)
@many
def test_the_program_says_of_every_offer_what_the_textbook_says(
    conditions: list[Condition | None], facts: ToyFacts
) -> None:
    assert verdicts(conditions, facts) == [
        Truth.TRUE if tree is None else interpreted(tree, facts) for tree in conditions
    ]


@given(
    st.lists(st.tuples(trees(askable), st.booleans()), max_size=3),
    facts_strategy,
)
@many
def test_levels_are_joined_and_each_forgives_only_its_own_unknown(
    levels: list[tuple[Condition, bool]], facts: ToyFacts
) -> None:
    declared = tuple(DeclaredCondition("", tree, denies) for tree, denies in levels)
    assert ConditionProgram([declared]).holds(facts).item() == all(
        interpreted(tree, facts) >= (Truth.TRUE if denies_unknown else Truth.UNKNOWN)
        for tree, denies_unknown in levels
    )


def without(facts: ToyFacts, name: str) -> ToyFacts:
    """The same facts, one of them gone."""
    return replace(
        facts,
        **{
            kind: {key: value for key, value in getattr(facts, kind).items() if key != name}
            for kind in ("given_numbers", "given_texts", "held")
        },
    )


@given(trees(atoms), facts_strategy, st.sampled_from(NUMBERS + TEXTS + PRODUCTS))
@many
def test_a_fact_that_goes_missing_leaves_the_verdict_or_makes_it_unknown(
    tree: Condition, facts: ToyFacts, name: str
) -> None:
    (before,), (after,) = verdicts([tree], facts), verdicts([tree], without(facts, name))
    assert after in (before, Truth.UNKNOWN)


def joined(leaves: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    """These under AND and OR only."""

    def nested(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
        parts = st.lists(inner, min_size=1, max_size=4).map(tuple)
        return st.builds(All, parts) | st.builds(Any, parts)

    return st.recursive(leaves, nested, max_leaves=6)


@given(
    joined(trees(atoms) | st.sampled_from([Known("age", True), Known("segment", False)])),
    facts_strategy,
    st.sampled_from(NUMBERS + TEXTS + PRODUCTS),
)
@many
def test_a_fact_that_goes_missing_never_makes_true_what_was_not(
    tree: Condition, facts: ToyFacts, name: str
) -> None:
    (before,), (after,) = verdicts([tree], facts), verdicts([tree], without(facts, name))
    assert before == Truth.TRUE or after != Truth.TRUE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("age >= 18", Truth.TRUE),
        ("age < 18 or income_monthly > 3000", Truth.UNKNOWN),
        ("age >= 18 or income_monthly > 3000", Truth.TRUE),
        ("age < 18 and income_monthly > 3000", Truth.FALSE),
        ("not (age < 18 or has_product('card'))", Truth.FALSE),
        ('not has_product("fund")', Truth.TRUE),
        ("has_product('account')", Truth.UNKNOWN),
        ("age in [17, 30, 31]", Truth.TRUE),
        ("segment in ['student', 'mass']", Truth.FALSE),
        ("segment not in ['student', 'mass']", Truth.TRUE),
        ("segment != 'private'", Truth.FALSE),
        ("income_monthly is known", Truth.FALSE),
        ("age is known and segment is known", Truth.TRUE),
        ("not not age >= 18", Truth.TRUE),
        ("age > 29 and age < 31 and age == 30 and age <= 30", Truth.TRUE),
        ("age > -1.5e1", Truth.TRUE),
        ("age < 18 and age < 18 or age >= 18", Truth.TRUE),
    ],
)
def test_means_what_it_says(text: str, expected: Truth) -> None:
    facts = ToyFacts({"age": 30.0}, {"segment": "private"}, {"card": True, "fund": False})
    assert verdict(text, facts) is expected


@pytest.mark.parametrize(("text", "reached"), [("> 3000.1", False), (">= 3000.1", True)])
def test_a_threshold_is_compared_in_the_precision_features_are_stored_in(
    text: str, reached: bool
) -> None:
    stored = ToyFacts({"income_monthly": float(np.float32(3000.1))})
    assert (verdict(f"income_monthly {text}", stored) is Truth.TRUE) == reached


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("incme_monthly > 1", ("unknown name incme_monthly", "did you mean income_monthly?")),
        ("colour == 'red'", ("unknown name colour", "known are")),
        ("has_product('crad')", ("unknown product crad", "did you mean card?")),
        ("has_product(card)", ("character 13", "in quotes")),
        ("age >= '18'", ("age is a number", "without quotes")),
        ("age >= income_monthly", ("age is a number",)),
        ("segment == 3", ("segment is a text", "in quotes")),
        ("segment < 'b'", ("no order",)),
        ("channel == 'fax'", ("channel is never 'fax'", "known are")),
        ("segment in [3]", ("segment is a text",)),
        ("age", ("stands alone", "age == 1")),
        ("18 <= age", ("write the name first",)),
        ("age > 18 > 3", ("two sides",)),
        ("age > 18 income_monthly > 2", ("character 10", "expected and")),
        ("(age > 18", ("expected )",)),
        ("age > 18 and", ("the end", "expected a name")),
        ("", ("expected a name",)),
        ("age = 18", ("character 5", "write ==")),
        ("age > 18 && age < 20", ("write and",)),
        ("segment == 'student", ("does not end",)),
        ("age > 18; import os", ("';' at character 9",)),
        ("__import__('os')", ("unknown name __import__",)),
        ("age is unknown", ("only `is known`", "must never permit")),
        ("not (age is known or age > 3)", ("age is known", "must never permit")),
        ("age > 1e99", ("too large",)),
        ("age > 18x", ("at character",)),
        ("not " * 21 + "age > 1", ("deeper than 20",)),
        ("(" * 5_00 + "age > 1" + ")" * 500, ("deeper than 20",)),
        ("age > 1 and " * 200 + "age > 1", ("2407 characters", "at most 2000")),
    ],
)
def test_refuses_what_it_cannot_understand_with_place_and_cure(
    text: str, signs: tuple[str, ...]
) -> None:
    with pytest.raises(ConditionInvalid) as refusal:
        parse_condition(text, NAMES)
    for sign in signs:
        assert sign in str(refusal.value)


@given(st.text(max_size=60))
@many
def test_any_text_is_a_condition_or_is_refused(text: str) -> None:
    with suppress(ConditionInvalid):
        parse_condition(text, NAMES)


def test_says_the_facts_it_looked_at_and_the_condition_as_written() -> None:
    written = 'age >= 18 and not has_product("card") and segment is known and age < 90'
    group = DeclaredCondition("income_monthly > 1", parse_condition("income_monthly > 1", NAMES))
    own = DeclaredCondition(written, parse_condition(written, NAMES))
    declared = Conditions([(group, own), (), (own,)])
    facts = ToyFacts({"age": 30.0, "income_monthly": 2500.5}, {}, {"card": False})
    assert declared.seen(0, facts) == (
        "income_monthly=2500.5, age=30, has_product(card)=no, segment=unknown"
    )
    assert declared.text(0) == f"(income_monthly > 1) and ({written})"
    assert (declared.text(1), declared.seen(1, facts)) == (None, "")
    assert declared.text(2) == written
