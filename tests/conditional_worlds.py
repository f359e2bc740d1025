"""Toy worlds whose offers declare conditions."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from service.domain.condition_parser import ConditionNames, parse_condition
from service.domain.conditions import Conditions, DeclaredCondition
from service.domain.facts import NUMBER_NAMES, TEXT_NAMES
from service.domain.situation import Situation
from tests.worlds import OFFERS, VOCABULARY, situations

NAMES = ConditionNames(NUMBER_NAMES, TEXT_NAMES, VOCABULARY)
CONDITIONS = (
    "age >= 30",
    "risk_capacity > 2 and segment == 'private'",
    "has_product('card') or is_vulnerable == 1",
    "not has_product('fund')",
    "channel == 'mobile_app' and trigger != 'complaint'",
    "segment is known or intent in ['borrow']",
    "days_since_joined > 90",
)


Level = tuple[DeclaredCondition, ...]


def declared(text: str, *, denies_unknown: bool = True) -> DeclaredCondition:
    """One condition, read."""
    return DeclaredCondition(text, parse_condition(text, NAMES), denies_unknown)


def asking(situation: Situation, *levels: Level) -> Situation:
    """The same situation at a bank whose offers declare these conditions of both kinds."""
    conditions = Conditions(levels)
    catalogue = replace(situation.catalogue, eligibility=conditions, applicability=conditions)
    context = {"trigger": situation.ask.trigger, "intent": situation.ask.intent}
    given = {name: value for name, value in context.items() if value is not None}
    return replace(
        situation,
        ask=replace(situation.ask, context=given),
        catalogue=catalogue,
        customer=replace(situation.customer, known=situation.customer.features),
        vocabulary={product: place for place, product in enumerate(VOCABULARY)},
    )


@st.composite
def levels(draw: st.DrawFn, denies_unknown: bool | None = None) -> list[Level]:
    """Up to three conditions per offer of the toy bank."""
    denying = st.booleans() if denies_unknown is None else st.just(denies_unknown)
    condition = st.builds(
        lambda text, denies: declared(text, denies_unknown=denies),
        st.sampled_from(CONDITIONS),
        denying,
    )
    return [tuple(draw(st.lists(condition, max_size=3))) for _ in OFFERS]


@st.composite
def conditional_situations(draw: st.DrawFn, denies_unknown: bool | None = None) -> Situation:
    """Any situation of a bank whose offers declare up to three conditions each."""
    return asking(draw(situations()), *draw(levels(denies_unknown)))
