"""What every source, scorer, adjustment, selector, channel and sink promises; inherit and name the
stage.
"""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from feature_repo.contract import CHANNELS as CONTRACT_CHANNELS
from service.adjustments import ADJUSTMENTS
from service.channels import CHANNELS
from service.domain.situation import Situation
from service.pipeline.stages import Adjustment, Channel, Selector, Source
from service.scorers import SCORERS, ScorerFactory
from service.selectors import SELECTORS
from service.sinks import SINKS, SinkFactory
from service.sources import SOURCES
from tests.contract.rule_contract import few
from tests.toy_release import CountingObserver, toy_decision, toy_release
from tests.worlds import OFFERS, situations, toy_situation


class SourceContract:
    """Inherit as `class TestMySource(SourceContract): source = MySource`."""

    source: ClassVar[type[Source]]

    def test_is_registered(self) -> None:
        assert self.source in SOURCES

    @given(situation=situations())
    @few
    def test_proposes_a_mask_over_all_offers(self, situation: Situation) -> None:
        mask = self.source().proposes(situation)
        assert mask.dtype == np.bool_
        assert mask.shape == (len(situation.catalogue),)


class ScorerContract:
    """Inherit as `class TestMyScorer(ScorerContract): scorer = MyScorer`."""

    scorer: ClassVar[ScorerFactory]

    def test_is_registered(self) -> None:
        assert self.scorer in SCORERS

    @given(situation=situations(), permitted=st.lists(st.booleans(), min_size=6, max_size=6))
    @few
    def test_keeps_length_and_order_and_gives_probabilities(
        self, situation: Situation, permitted: list[bool]
    ) -> None:
        scorer = type(self).scorer(toy_release(), situation.catalogue)
        mask = np.array(permitted)
        if not scorer.applies(situation):
            return
        scores = scorer.scores(situation, mask)
        assert scores.dtype == np.float64
        assert scores.shape == (len(OFFERS),)
        assert not np.isnan(scores[mask]).any()
        assert ((scores[mask] >= 0) & (scores[mask] <= 1)).all()

    @given(situation=situations())
    @few
    def test_scores_an_offer_the_same_whatever_else_is_permitted(
        self, situation: Situation
    ) -> None:
        scorer = type(self).scorer(toy_release(), situation.catalogue)
        if not scorer.applies(situation):
            return
        together = scorer.scores(situation, np.ones(len(OFFERS), dtype=np.bool_))
        for row in range(len(OFFERS)):
            alone = scorer.scores(situation, np.arange(len(OFFERS)) == row)
            assert alone[row] == together[row]


class AdjustmentContract:
    """Inherit as `class TestMyAdjustment(AdjustmentContract): adjustment = MyAdjustment`."""

    adjustment: ClassVar[type[Adjustment]]

    def test_is_registered(self) -> None:
        assert self.adjustment in ADJUSTMENTS

    @given(situation=situations())
    @few
    def test_gives_one_finite_positive_factor_per_offer(self, situation: Situation) -> None:
        factors = self.adjustment().factors(situation)
        assert factors.shape == (len(situation.catalogue),)
        assert np.isfinite(factors).all()
        assert (factors > 0).all()


class SelectorContract:
    """Inherit as `class TestMySelector(SelectorContract): selector = MySelector`."""

    selector: ClassVar[type[Selector]]
    numbers = st.lists(st.floats(0, 1e3), min_size=6, max_size=6).map(np.array)
    masks = st.lists(st.booleans(), min_size=6, max_size=6).map(np.array)

    def test_is_registered(self) -> None:
        assert self.selector in SELECTORS

    @given(situation=situations(), permitted=masks, priority=numbers)
    @few
    def test_shows_only_permitted_offers_once_within_limits_and_where_they_belong(
        self, situation: Situation, permitted: np.ndarray, priority: np.ndarray
    ) -> None:
        slates = self.selector().select(situation, permitted, priority)
        ask, catalogue = situation.ask, situation.catalogue
        rows = [row for slate in slates for row in slate]
        assert len(slates) == len(ask.placements)
        assert len(set(rows)) == len(rows)
        assert permitted[rows].all()
        groups = Counter(catalogue.groups[row] for row in rows if catalogue.is_marketing[row])
        assert all(count <= catalogue.policy.max_per_group for count in groups.values())
        for placement, slate in zip(ask.placements, slates, strict=True):
            assert len(slate) <= placement.limit
            assert catalogue.in_placement[f"{ask.channel}/{placement.id}"][list(slate)].all()
            rank = [(catalogue.lane_order[row], -priority[row]) for row in slate]
            assert rank == sorted(rank)


class ChannelContract:
    """Inherit as `class TestMyChannel(ChannelContract): channel = MyChannel`."""

    channel: ClassVar[type[Channel]]

    def test_is_registered_and_speaks_for_channels_of_the_contract(self) -> None:
        assert self.channel in CHANNELS
        assert set(self.channel.names) <= set(CONTRACT_CHANNELS)

    def test_words_every_offer_and_falls_back_to_english(self) -> None:
        words = self.channel().say(toy_situation(), 0)
        assert words is not None
        assert words.title
        assert words.body


class SinkContract:
    """Inherit as `class TestMySink(SinkContract): sink = MySink`."""

    sink: ClassVar[SinkFactory]

    def test_is_registered(self) -> None:
        assert self.sink in SINKS

    def test_takes_any_decision_without_raising(self) -> None:
        situation = toy_situation()
        type(self).sink(CountingObserver()).receive(situation, toy_decision(situation))
