"""What every rule promises; a rule's own test class inherits this and names the rule."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from service.domain.situation import Situation
from service.pipeline.stages import OnMissing, Rule
from service.rules import RULES
from tests.worlds import situations, stripped

LOCALES = {"en", "zh-CN"}

SEARCH = settings(max_examples=500, database=None, phases=[Phase.generate])
# One inherited test runs under many classes on purpose: that is what a contract suite is.
few = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.differing_executors]
)


class RuleContract:
    """Inherit as `class TestMyRule(RuleContract): rule = MyRule`.

    A rule the toy world never makes permit or deny brings its own `situations`.
    """

    rule: ClassVar[type[Rule]]
    situations: ClassVar[st.SearchStrategy[Situation]] = situations()

    @pytest.mark.parametrize("verdict", [True, False])
    def test_is_seen_to_permit_and_to_deny(self, verdict: bool) -> None:
        def is_seen(situation: Situation) -> bool:
            return bool((self.rule().permits(situation) == verdict).any())

        try:
            find(self.situations, is_seen, settings=SEARCH)
        except NoSuchExample:
            pytest.fail(f"never seen to give {verdict}: set `situations` in {type(self).__name__}")

    def test_is_registered(self) -> None:
        assert self.rule in RULES

    def test_lives_in_a_file_named_after_its_code(self) -> None:
        assert Path(inspect.getfile(self.rule)).stem == self.rule.code

    def test_says_who_owns_it_on_what_basis_and_why_in_every_language(self) -> None:
        assert self.rule.owner
        assert self.rule.legal_basis
        assert set(self.rule.text) >= LOCALES
        assert all(self.rule.text.values())

    @given(data=st.data())
    @few
    def test_gives_one_verdict_per_offer(self, data: st.DataObject) -> None:
        situation = data.draw(self.situations)
        permits = self.rule().permits(situation)
        assert permits.dtype == np.bool_
        assert permits.shape == (len(situation.catalogue),)

    @given(data=st.data())
    @few
    def test_explains_exactly_what_it_decides(self, data: st.DataObject) -> None:
        situation = data.draw(self.situations)
        rule = self.rule()
        permits = rule.permits(situation)
        for row in range(len(situation.catalogue)):
            explanation = rule.explain(situation, row)
            assert explanation.permitted == permits[row]
            assert explanation.seen
            assert explanation.needed
            if explanation.possible_from is not None:
                assert not explanation.permitted
                assert explanation.possible_from > situation.as_of

    @given(data=st.data())
    @few
    def test_never_permits_more_when_facts_go_missing(self, data: st.DataObject) -> None:
        situation = data.draw(self.situations)
        if self.rule.on_missing is OnMissing.DENY:
            rule = self.rule()
            without_facts = rule.permits(stripped(situation))
            assert not (without_facts & ~rule.permits(situation)).any()
