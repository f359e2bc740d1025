"""The rules that ask declared conditions: the contract of every rule, and what they mean."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from service.domain.situation import Situation
from service.rules.applicable import Applicable
from service.rules.eligible import Eligible
from tests.conditional_worlds import asking, conditional_situations, declared
from tests.contract.rule_contract import RuleContract
from tests.worlds import OFFERS, stripped, toy_customer, toy_situation

many = settings(max_examples=500, deadline=None)


class TestEligible(RuleContract):
    rule = Eligible
    situations = conditional_situations(denies_unknown=True)

    @pytest.mark.parametrize(("born", "permitted"), [(1990, True), (2005, False), (None, False)])
    def test_permits_who_certainly_meets_the_terms(self, born: int | None, permitted: bool) -> None:
        birth = toy_customer().birth_date
        assert birth is not None
        customer = toy_customer(birth_date=birth.replace(year=born) if born else None)
        situation = asking(
            toy_situation(customer=customer), (declared("age >= 30"),), *[()] * (len(OFFERS) - 1)
        )
        assert self.rule().permits(situation).tolist() == [permitted] + [True] * (len(OFFERS) - 1)

    def test_says_what_it_saw_and_what_the_bank_wrote(self) -> None:
        levels = (declared("age >= 60"), declared("not has_product('card')"))
        situation = asking(toy_situation(), levels, *[()] * (len(OFFERS) - 1))
        explanation = self.rule().explain(situation, 0)
        assert not explanation.permitted
        assert explanation.seen == "age=36, has_product(card)=no"
        assert explanation.needed == "(age >= 60) and (not has_product('card'))"


class TestApplicable(RuleContract):
    rule = Applicable
    situations = conditional_situations()

    @pytest.mark.parametrize(("denies", "permitted"), [(True, False), (False, True)])
    def test_follows_the_bank_where_it_cannot_be_told(self, denies: bool, permitted: bool) -> None:
        condition = declared("income_monthly > 3000", denies_unknown=denies)
        situation = asking(toy_situation(), *[(condition,)] * len(OFFERS))
        assert (self.rule().permits(situation) == permitted).all()
        assert self.rule().explain(situation, 0).needed.endswith("or unknown") == permitted

    def test_one_level_allows_the_unknown_for_itself_only(self) -> None:
        allows = declared("income_monthly > 3000", denies_unknown=False)
        denies = declared("days_since_joined > 3")
        situation = asking(
            toy_situation(),
            (allows, declared("age > 30")),
            (allows, denies),
            (allows, declared("age > 60")),
            *[()] * (len(OFFERS) - 3),
        )
        assert self.rule().permits(situation).tolist()[:3] == [True, False, False]


@given(conditional_situations(denies_unknown=True))
@many
def test_where_the_unknown_denies_losing_every_fact_adds_no_offer(situation: Situation) -> None:
    for rule in (Eligible(), Applicable()):
        assert not (rule.permits(stripped(situation)) & ~rule.permits(situation)).any()


def test_days_since_are_counted_at_the_bank_and_missing_views_are_unknown() -> None:
    situation = asking(toy_situation(), *[()] * len(OFFERS))
    assert situation.customer.known is not None
    assert np.isnan(situation.facts.number("days_since_joined"))
    situation.customer.known.numbers["joined_day"][0] = 20_000
    joined = replace(situation).facts.number("days_since_joined")
    assert joined == (situation.local_date.toordinal() - 719_163) - 20_000
