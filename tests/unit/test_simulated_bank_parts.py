"""The small parts of the simulated bank, each with an answer one can work out by hand."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from feature_repo.contract import CHANNELS
from training.simulated_bank import effects, logging_policy
from training.simulated_bank.consents import NO_RECORD, ConsentState
from training.simulated_bank.errors import SimulationInvalid
from training.simulated_bank.ledger import NOT_OPEN, Ledger
from training.simulated_bank.life_events import NEVER, known_until
from training.simulated_bank.products import GROUPS, PRODUCTS, VOCABULARY
from training.simulated_bank.randomness import choose_each, stream
from training.simulated_bank.simulate import SimulationConfig
from training.simulated_bank.timeline import Timeline
from training.simulated_bank.truth import response_function


def test_a_year_that_ends_with_a_month_has_twelve_whole_steps():
    timeline = Timeline.ending(date(2026, 10, 31), 365)
    assert timeline.start == date(2025, 11, 1)
    assert [step.month for step in timeline.snapshot_steps] == [11, 12, *range(1, 11)]
    assert sum(step.days for step in timeline.steps) == 365


def test_a_cut_last_month_has_no_snapshot():
    timeline = Timeline.ending(date(2026, 10, 15), 70)
    assert [step.last_date for step in timeline.snapshot_steps] == [
        date(2026, 8, 31),
        date(2026, 9, 30),
    ]
    assert not timeline.steps[-1].is_whole_until_end


@pytest.mark.parametrize(("customers", "days"), [(0, 365), (100, 30), (10, 99999)])
def test_refuses_impossible_sizes(customers, days):
    with pytest.raises(SimulationInvalid, match="give a number from"):
        SimulationConfig(customers=customers, days=days)


def test_streams_of_blocks_and_purposes_differ_and_repeat():
    draws = {
        key: tuple(stream(7, *key).integers(0, 10**9, 3))
        for key in [(0, "offers"), (1, "offers"), (0, "views")]
    }
    assert len(set(draws.values())) == 3
    assert draws[0, "offers"] == tuple(stream(7, 0, "offers").integers(0, 10**9, 3))


def test_a_weight_of_zero_is_never_drawn():
    weights = np.tile(np.array([0.0, 1.0, 0.0, 3.0, 0.0], np.float32), (20_000, 1))
    drawn = np.bincount(choose_each(stream(1, 0, "test"), weights), minlength=5)
    assert drawn[[0, 2, 4]].sum() == 0
    assert drawn[3] / drawn[1] == pytest.approx(3, rel=0.1)


def test_the_logging_policy_gives_every_candidate_its_floor_and_sums_to_one():
    random = stream(3, 0, "test")
    scores = random.normal(size=(500, len(PRODUCTS))).astype(np.float32) * 3
    candidates = random.random(scores.shape) < 0.6
    candidates[0] = False
    chance = logging_policy.offer_probabilities(scores, candidates)
    assert chance[0].sum() == 0
    assert chance[1:].sum(axis=1) == pytest.approx(np.ones(499), abs=1e-5)
    assert (chance[~candidates] == 0).all()
    count = candidates.sum(axis=1, keepdims=True)
    floor = np.broadcast_to(logging_policy.FLOOR / np.maximum(count, 1), chance.shape)
    assert (chance[candidates] >= floor[candidates] * 0.999).all()


def test_effects_of_groups_and_products_add_up():
    row = dict(zip(VOCABULARY, effects.row_of({"": 1, "cards": 2, "debit_card": 4}), strict=True))
    assert row["mortgage"] == 1
    assert row["credit_card_gold"] == 3
    assert row["debit_card"] == 7


def test_an_effect_on_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="creditcards"):
        effects.row_of({"creditcards": 1})


def test_every_effect_table_names_only_known_products_and_groups():
    tables = [*effects.EVENT_EFFECTS.values(), *effects.SEASONS.values(), effects.PAYDAY_EFFECTS]
    tables += [*effects.HELD_EFFECTS.values(), *effects.CHANNEL_FIT.values()]
    for table in tables:
        effects.row_of(table)
    assert set(effects.HELD_EFFECTS) <= set(VOCABULARY)
    assert len(effects.event_effects()) == len(effects.LIFE_EVENTS) + len(GROUPS)


def test_an_event_counts_from_its_day_on_and_fades():
    response = response_function(stream(1, -1, "factors"), 6)
    travel = effects.EVENTS.index("travel")
    days = np.full((1, len(effects.EVENTS), 2), NEVER, np.int16)
    days[0, travel, :] = [-50, 10]
    cover = VOCABULARY.index("travel_insurance")

    def felt(day):
        return float(response.event_utility(days, np.array([day], np.float32))[0, cover])

    at_once = effects.EVENT_EFFECTS["travel"]["travel_insurance"]
    assert felt(9) == pytest.approx(at_once * np.exp(-59 / effects.DECAY_DAYS["travel"]), rel=1e-4)
    assert felt(10) == pytest.approx(at_once, rel=1e-5)
    assert felt(10 + effects.DECAY_DAYS["travel"]) == pytest.approx(at_once / np.e, rel=1e-4)


def test_fatigue_lowers_the_utility_and_most_for_the_same_product():
    response = response_function(stream(1, -1, "factors"), 6)
    same = np.zeros((1, len(PRODUCTS)), np.float32)
    same[0, 3] = 1
    one = np.ones(1, np.float32)
    weary = response.fatigue_utility(one, one, same)[0]
    assert (weary < 0).all()
    assert int(weary.argmin()) == 3
    assert (response.fatigue_utility(0 * one, 0 * one, 0 * same) == 0).all()


def test_only_events_up_to_the_step_are_known_in_it():
    timeline = Timeline.ending(date(2026, 10, 31), 92)
    days = np.full((1, len(effects.EVENTS), 1 + len(timeline.steps)), NEVER, np.int16)
    days[0, 0, :] = [-30, 5, 40, 70]
    assert known_until(days, timeline.steps[0])[0, 0].tolist() == [-30, 5]
    assert known_until(days, timeline.steps[2])[0, 0].tolist() == [40, 70]


def test_outbound_channels_need_a_consent_in_force():
    def days(*values):
        return np.array(values, np.int32)

    never = days(NO_RECORD, NO_RECORD, NO_RECORD)
    consents = ConsentState(
        outbound_given=days(0, 0, NO_RECORD),
        outbound_refused=days(NO_RECORD, 20, NO_RECORD),
        sms_refused=never,
        third_party_given=never,
        third_party_refused=never,
        personalisation_given=never,
        personalisation_refused=never,
        display_refused=never,
    )
    sms, app = CHANNELS.index("sms"), CHANNELS.index("mobile_app")
    permitted = consents.permits(np.full(3, 30.0))
    assert permitted[:, sms].tolist() == [True, False, False]
    assert permitted[:, app].tolist() == [True, True, True]
    assert consents.permits(np.full(3, 10.0))[:, sms].tolist() == [True, True, False]


def test_a_closed_product_leaves_a_period_and_is_no_longer_held():
    step = Timeline.ending(date(2026, 10, 31), 92).steps[0]
    held = np.ones((4000, len(PRODUCTS)), np.bool_)
    ledger = Ledger.opening(stream(1, 0, "open"), held, np.full(4000, -900, np.int32))
    ledger.close_some(stream(1, 0, "close"), held, step)
    gone = 1 - ledger.held[:, VOCABULARY.index("deposit_3m")].mean()
    assert gone == pytest.approx(step.share_of_month / 4, abs=0.03)
    periods = ledger.periods()
    assert len(periods) == held.size
    ended = periods[periods[:, 3] != NOT_OPEN]
    assert len(ended) == (~ledger.held).sum()
    assert ((ended[:, 3] >= step.first_day) & (ended[:, 3] < step.end_day)).all()
    assert (ended[:, 2] < ended[:, 3]).all()
