"""Every stage but the rules under its contract suite."""

from __future__ import annotations

from feature_repo.contract import CHANNELS as CONTRACT_CHANNELS
from service.adjustments.context_weight import ContextWeight
from service.adjustments.lever import Lever
from service.adjustments.value import Value
from service.channels import CHANNELS
from service.channels.agent_desk import AgentDesk
from service.channels.card import Card
from service.channels.text_message import TextMessage
from service.scorers.business_order import BusinessOrder
from service.scorers.context_rate import ContextRate
from service.scorers.propensity import Propensity
from service.scorers.segment_rate import SegmentRate
from service.selectors.highest_priority import HighestPriority
from service.sinks.decision_counters import DecisionCounters
from service.sources.whole_catalogue import WholeCatalogue
from tests.contract.stage_contracts import (
    AdjustmentContract,
    ChannelContract,
    ScorerContract,
    SelectorContract,
    SinkContract,
    SourceContract,
)
from tests.worlds import OFFERS, toy_situation


class TestWholeCatalogue(SourceContract):
    source = WholeCatalogue


class TestPropensity(ScorerContract):
    scorer = Propensity


class TestSegmentRate(ScorerContract):
    scorer = SegmentRate


class TestContextRate(ScorerContract):
    scorer = ContextRate


class TestBusinessOrder(ScorerContract):
    scorer = BusinessOrder


class TestValue(AdjustmentContract):
    adjustment = Value


class TestLever(AdjustmentContract):
    adjustment = Lever


class TestContextWeight(AdjustmentContract):
    adjustment = ContextWeight

    def test_weighs_the_group_the_customer_asked_about(self) -> None:
        factors = self.adjustment().factors(toy_situation(intent="borrow"))
        assert factors[OFFERS.index("take_loan")] == 1.8
        assert factors[OFFERS.index("buy_fund")] == 1.0


class TestHighestPriority(SelectorContract):
    selector = HighestPriority


class TestCard(ChannelContract):
    channel = Card

    def test_never_shows_the_talk_track(self) -> None:
        words = self.channel().say(toy_situation(), 0)
        assert words is not None
        assert words.talk_track is None


class TestAgentDesk(ChannelContract):
    channel = AgentDesk


class TestTextMessage(ChannelContract):
    channel = TextMessage


class TestDecisionCounters(SinkContract):
    sink = DecisionCounters


def test_every_channel_of_the_contract_has_exactly_one_voice() -> None:
    spoken = [name for channel in CHANNELS for name in channel.names]
    assert sorted(spoken) == sorted(CONTRACT_CHANNELS)
