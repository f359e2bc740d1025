"""The engine in the toy world: what it keeps, what it withholds and why, and what a failing stage
costs.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import ClassVar

import numpy as np
import pytest

from service.domain.catalogue import Lane
from service.domain.columns import Floats, Mask
from service.domain.consent import ConsentRecord, ConsentStatus
from service.domain.contact_policy import CalendarWindow, Cap, ContactPolicy, Counted, Scope
from service.domain.decision import NoOfferReason, Rung
from service.domain.situation import Placement, Situation
from service.pipeline.engine import decide
from service.rules.not_killed import NotKilled
from service.scorers.propensity import Propensity
from service.selectors.highest_priority import HighestPriority
from tests.contact_worlds import entry, history
from tests.toy_release import PROPENSITIES, toy_edition, toy_release
from tests.worlds import AS_OF, OFFERS, stripped, toy_catalogue, toy_customer, toy_situation

PIPELINE = toy_edition(toy_release()).pipeline
REFUSES_PROFILING = ConsentRecord({"*/personalisation": ConsentStatus.REFUSED})


def shown(situation: Situation) -> list[str]:
    """Ids of all offers shown, placement by placement."""
    decision, _ = decide(situation, PIPELINE)
    return [OFFERS[row] for slate in decision.slates for row in slate.rows]


class BrokenRule(NotKilled):
    """A rule whose code is wrong."""

    def permits(self, situation: Situation) -> Mask:
        """Fails."""
        raise RuntimeError


class BrokenScorer(Propensity):
    """A scorer whose model is wrong."""

    def scores(self, situation: Situation, permitted: Mask) -> Floats:
        """Fails."""
        raise RuntimeError


class BrokenAdjustment:
    """An adjustment whose code is wrong."""

    name: ClassVar[str] = "broken"

    def factors(self, situation: Situation) -> Floats:
        """Fails."""
        raise RuntimeError


def test_ranks_by_probability_times_value_and_breaks_ties_by_value() -> None:
    decision, trace = decide(toy_situation(), PIPELINE)
    expected = PROPENSITIES * np.array([10.0, 20.0, 30.0, 40.0])
    assert decision.rung is Rung.FULL
    assert decision.priority[:4].tolist() == pytest.approx(expected.tolist())
    assert shown(toy_situation()) == ["buy_fund", "get_card", "take_loan", "open_account"]
    assert not trace.failures


def test_withholds_with_every_reason_known() -> None:
    decision, _ = decide(toy_situation(customer=toy_customer(birth_date=None)), PIPELINE)
    assert decision.denied_by(OFFERS.index("get_card")) == ("minimum_age",)
    assert decision.denied_by(OFFERS.index("partner_cover")) == ("consent_given",)


def test_answers_from_context_when_there_are_no_features() -> None:
    situation = toy_situation(customer=toy_customer(has_features=False))
    decision, _ = decide(situation, PIPELINE)
    assert decision.rung is Rung.CONTEXT_ONLY
    assert decision.propensity[OFFERS.index("buy_fund")] == 0.09
    assert decision.propensity[OFFERS.index("visit_us")] == 0.01


def test_says_stale_when_a_view_is_past_its_age() -> None:
    stale = replace(toy_customer(), is_stale=True)
    assert decide(toy_situation(customer=stale), PIPELINE)[0].rung is Rung.STALE


def test_keeps_the_business_order_for_who_objects_to_profiling() -> None:
    situation = toy_situation(customer=toy_customer(consents=REFUSES_PROFILING))
    decision, _ = decide(situation, PIPELINE)
    assert decision.rung is Rung.STATIC
    assert decision.scorer == "business_order"
    assert np.isnan(decision.propensity).all()
    assert shown(situation) == ["open_account", "get_card", "buy_fund", "take_loan"]


def test_a_failing_rule_permits_nothing_and_is_named() -> None:
    pipeline = replace(PIPELINE, rules=(BrokenRule(), *PIPELINE.rules[1:]))
    decision, _ = decide(toy_situation(), pipeline)
    assert decision.rung is Rung.NO_OFFER
    assert not decision.permitted.any()
    assert "rule_failed:not_killed" in decision.degraded_reasons


def test_a_failing_scorer_hands_over_to_the_next() -> None:
    broken = BrokenScorer(toy_release(), toy_catalogue())
    pipeline = replace(PIPELINE, scorers=(broken, *PIPELINE.scorers[1:]))
    decision, _ = decide(toy_situation(), pipeline)
    assert decision.scorer == "segment_rate"
    assert "scorer_failed:propensity_model" in decision.degraded_reasons


def test_a_failing_adjustment_multiplies_by_one() -> None:
    pipeline = replace(PIPELINE, adjustments=(*PIPELINE.adjustments, BrokenAdjustment()))
    decision, _ = decide(toy_situation(), pipeline)
    assert decision.rung is Rung.FULL
    assert decision.factors["broken"].tolist() == [1.0] * len(OFFERS)
    assert "adjustment_failed:broken" in decision.degraded_reasons


def test_tells_why_a_placement_is_empty() -> None:
    refused = toy_customer(consents=ConsentRecord({"*/display": ConsentStatus.REFUSED}))
    killed = replace(toy_catalogue(), killed=np.ones(len(OFFERS), dtype=np.bool_))
    unreadable = stripped(toy_situation())
    cases = [
        (toy_situation(customer=refused), NoOfferReason.CONSENT),
        (toy_situation(catalogue=killed), NoOfferReason.KILLED),
        (unreadable, NoOfferReason.STATE_UNAVAILABLE),
    ]
    for situation, reason in cases:
        decision, _ = decide(situation, PIPELINE)
        assert {slate.no_offer_reason for slate in decision.slates} == {reason}


def test_says_capped_where_a_cap_of_that_one_placement_is_full() -> None:
    daily = Cap("banner", Scope.PLACEMENT, Counted.IMPRESSION, CalendarWindow.DAY, 1)
    catalogue, shown_before = toy_catalogue(), AS_OF.timestamp() - 60
    seen = history([entry(shown_before, "long gone", placement="login_banner")])
    situation = toy_situation(
        customer=replace(toy_customer(), contacts=seen),
        catalogue=replace(
            catalogue, policy=replace(catalogue.policy, contact=ContactPolicy(caps=(daily,)))
        ),
        placements=(Placement("login_banner", 1), Placement("home_feed", 2)),
    )
    banner, feed = decide(situation, PIPELINE)[0].slates
    assert (banner.rows, banner.no_offer_reason) == ((), NoOfferReason.CAPPED)
    assert feed.rows


@pytest.mark.parametrize("reason", [NoOfferReason.CONSENT, NoOfferReason.CAPPED])
def test_a_service_offer_in_another_placement_hides_no_reason(reason: NoOfferReason) -> None:
    """What needs no consent and no room fills one place; the other is empty for a reason still."""
    lanes = (*[Lane.MARKETING] * (len(OFFERS) - 1), Lane.SERVICE)
    catalogue, customer = replace(toy_catalogue(), lanes=lanes), toy_customer()
    if reason is NoOfferReason.CONSENT:
        consents = ConsentRecord({"*/display": ConsentStatus.REFUSED})
        customer = toy_customer(consents=consents)
    else:
        never = Cap("never", Scope.ALL, Counted.IMPRESSION, CalendarWindow.DAY, 0)
        policy = replace(catalogue.policy, contact=ContactPolicy(caps=(never,)))
        catalogue = replace(catalogue, policy=policy)
    situation = toy_situation(customer=customer, catalogue=catalogue)
    banner, feed = decide(situation, PIPELINE)[0].slates
    assert [OFFERS[row] for row in banner.rows] == [OFFERS[-1]]
    assert (feed.rows, feed.no_offer_reason) == ((), reason)


def test_says_capped_where_the_other_placements_used_a_cap_up() -> None:
    one = Cap("one", Scope.ALL, Counted.DECISION, CalendarWindow.DAY, 1)
    policy = replace(toy_catalogue().policy, contact=ContactPolicy(caps=(one,)))
    banner, feed = decide(
        toy_situation(catalogue=replace(toy_catalogue(), policy=policy)), PIPELINE
    )[0].slates
    assert len(banner.rows) == 1
    assert (feed.rows, feed.no_offer_reason) == ((), NoOfferReason.CAPPED)


def test_where_several_gates_deny_the_first_that_leaves_nothing_is_told() -> None:
    never = Cap("never", Scope.ALL, Counted.IMPRESSION, CalendarWindow.DAY, 0)
    policy = replace(toy_catalogue().policy, contact=ContactPolicy(caps=(never,)))
    capped = replace(toy_catalogue(), policy=policy)
    killed = replace(capped, killed=np.ones(len(OFFERS), dtype=np.bool_))
    refused = toy_customer(consents=ConsentRecord({"*/display": ConsentStatus.REFUSED}))
    for catalogue, reason in ((capped, NoOfferReason.CONSENT), (killed, NoOfferReason.KILLED)):
        decision, _ = decide(toy_situation(customer=refused, catalogue=catalogue), PIPELINE)
        assert {slate.no_offer_reason for slate in decision.slates} == {reason}


def test_fills_placements_jointly_without_duplicates() -> None:
    placements = (Placement("login_banner", 1), Placement("home_feed", 2))
    offers = shown(toy_situation(placements=placements))
    assert len(offers) == len(set(offers)) == 3


def test_an_under_age_customer_is_told_no_card() -> None:
    child = toy_customer(birth_date=date(2012, 1, 1))
    assert "get_card" not in shown(toy_situation(customer=child))


WRONG_MASKS = [
    np.full(len(OFFERS), np.nan),
    np.ones(1, dtype=np.bool_),
    np.ones(len(OFFERS) + 1, dtype=np.bool_),
    np.bool_(True),
    True,
    None,
]


@pytest.mark.parametrize("wrong", WRONG_MASKS)
def test_a_rule_that_returns_no_bool_per_offer_permits_nothing(wrong: object) -> None:
    class Wrong(NotKilled):
        def permits(self, situation: Situation) -> Mask:
            return wrong  # type: ignore[return-value]

    pipeline = replace(PIPELINE, rules=(Wrong(), *PIPELINE.rules[1:]))
    decision, trace = decide(toy_situation(), pipeline)
    assert not decision.permitted.any()
    assert trace.failures == [("rule", "not_killed")]


@pytest.mark.parametrize(
    "wrong", [np.full(len(OFFERS), 7.0), np.full(len(OFFERS), np.nan), np.zeros(2), None]
)
def test_a_scorer_that_returns_no_probability_per_offer_hands_over(wrong: object) -> None:
    class Wrong(Propensity):
        def scores(self, situation: Situation, permitted: Mask) -> Floats:
            return wrong  # type: ignore[return-value]

    broken = Wrong(toy_release(), toy_catalogue())
    pipeline = replace(PIPELINE, scorers=(broken, *PIPELINE.scorers[1:]))
    assert decide(toy_situation(), pipeline)[0].scorer == "segment_rate"


@pytest.mark.parametrize("wrong", [np.full(len(OFFERS), np.nan), -np.ones(len(OFFERS)), np.ones(2)])
def test_an_adjustment_that_returns_no_factor_per_offer_multiplies_by_one(wrong: Floats) -> None:
    class Wrong(BrokenAdjustment):
        def factors(self, situation: Situation) -> Floats:
            return wrong

    pipeline = replace(PIPELINE, adjustments=(*PIPELINE.adjustments, Wrong()))
    decision, _ = decide(toy_situation(), pipeline)
    assert decision.factors["broken"].tolist() == [1.0] * len(OFFERS)
    assert decision.rung is Rung.FULL


@pytest.mark.parametrize("slates", [((4,), ()), ((0, 0), ()), ((0,), (0,)), ((0,),)])
def test_a_selector_that_breaks_its_promise_shows_nothing(
    slates: tuple[tuple[int, ...], ...],
) -> None:
    class Wrong(HighestPriority):
        def select(
            self, situation: Situation, permitted: Mask, priority: Floats
        ) -> tuple[tuple[int, ...], ...]:
            return slates

    decision, _ = decide(toy_situation(), replace(PIPELINE, selector=Wrong()))
    assert not any(slate.rows for slate in decision.slates)
    assert "selector_failed:highest_priority" in decision.degraded_reasons


def test_says_that_she_objected_to_personalisation() -> None:
    situation = toy_situation(customer=toy_customer(consents=REFUSES_PROFILING))
    assert decide(situation, PIPELINE)[0].degraded_reasons == ("personalisation_off",)
