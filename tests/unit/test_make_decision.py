"""Around the engine: what a failing channel, a missing model or a failing sink costs."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from service.domain.catalogue import Treatment
from service.domain.consent import NOTHING_RECORDED
from service.domain.decision import Decision
from service.domain.situation import Ask, Placement, Situation
from service.ports import CustomerRecord
from service.use_cases.make_decision import DecisionCommand, MakeDecision
from tests.fakes import FakeCustomerStore, FixedClock
from tests.toy_release import CountingObserver, toy_edition, toy_release
from tests.worlds import unknown_features

ASK = Ask("mobile_app", (Placement("home_feed", 3),), "en", trigger="login")


class Mute:
    """A channel whose code is wrong."""

    names = ("mobile_app",)

    def say(self, situation: Situation, row: int) -> Treatment | None:
        """Fails."""
        raise RuntimeError


class BrokenSink:
    """A sink whose code is wrong."""

    name = "broken"

    def receive(self, situation: Situation, decision: Decision) -> None:
        """Fails."""
        raise RuntimeError


@pytest.fixture
def observer() -> CountingObserver:
    return CountingObserver()


@pytest.fixture
def make_decision(observer: CountingObserver) -> MakeDecision:
    features = unknown_features()
    features.lists["held"][0] = 0.0
    record = CustomerRecord(True, True, features, NOTHING_RECORDED)
    return MakeDecision(
        store=FakeCustomerStore({"known": record}),
        clock=FixedClock(),
        observer=observer,
        sinks=(BrokenSink(),),
        edition=toy_edition(toy_release()),
        state_deadline_seconds=0.025,
    )


def test_a_failing_channel_leaves_the_offer_out_and_is_counted(
    make_decision: MakeDecision, observer: CountingObserver
) -> None:
    edition = make_decision.edition
    make_decision.edition = replace(edition, channels={"mobile_app": Mute()})
    result = asyncio.run(make_decision(DecisionCommand("known", ASK)))
    assert not result.treatments
    assert "channel_failed:mobile_app" in result.decision.degraded_reasons
    assert observer.failures["channel", "mobile_app"] == 3


def test_a_failing_sink_costs_nothing_but_its_count(
    make_decision: MakeDecision, observer: CountingObserver
) -> None:
    result = asyncio.run(make_decision(DecisionCommand("known", ASK)))
    assert len(result.treatments) == 3
    assert observer.failures["sink", "broken"] == 1


def test_a_dry_run_tells_no_sink(make_decision: MakeDecision, observer: CountingObserver) -> None:
    asyncio.run(make_decision(DecisionCommand("known", ASK, is_dry_run=True)))
    assert not observer.failures


def test_every_answer_without_a_model_says_so(make_decision: MakeDecision) -> None:
    make_decision.edition = replace(toy_edition(), degraded_reasons=("model_missing",))
    result = asyncio.run(make_decision(DecisionCommand("known", ASK)))
    assert result.decision.degraded_reasons == ("model_missing",)
    assert result.decision.scorer == "business_order"
