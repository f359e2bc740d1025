"""Every rung of the ladder can be reached, and none of them skips a gate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from service.domain.consent import ConsentRecord, ConsentStatus
from service.domain.decision import Decision, NoOfferReason, Rung
from service.domain.kill_switches import KillSwitches
from service.domain.situation import Situation
from service.pipeline.engine import decide
from service.use_cases.edition import compose_edition
from tests.toy_release import toy_release
from tests.worlds import OFFERS, VOCABULARY, stripped, toy_catalogue, toy_customer, toy_situation

GATED = "partner_cover"
"""Needs a consent that is on opt-in: nobody here has given it."""
KNOWN = toy_situation()
STALE = replace(KNOWN, customer=replace(toy_customer(), is_stale=True))
WITHOUT_FEATURES = replace(KNOWN, customer=replace(toy_customer(), features=None))
MODEL_KILLED = replace(KNOWN, kills=KillSwitches(models=frozenset({"toy-1"})))
REFUSED = {"*/personalisation": ConsentStatus.REFUSED}
NOT_PROFILED = toy_situation(customer=toy_customer(consents=ConsentRecord(REFUSED)))
ALL_KILLED = replace(KNOWN, kills=KillSwitches(channels=frozenset({"mobile_app"})))

LADDER = [
    (Rung.FULL, KNOWN, True),
    (Rung.STALE, STALE, True),
    (Rung.CONTEXT_ONLY, WITHOUT_FEATURES, True),
    (Rung.SEGMENT_PRIOR, MODEL_KILLED, True),
    (Rung.STATIC, NOT_PROFILED, True),
    (Rung.STATIC, KNOWN, False),
    (Rung.NO_OFFER, ALL_KILLED, True),
    (Rung.NO_OFFER, stripped(KNOWN), True),
]


def decided(situation: Situation, *, has_model: bool) -> Decision:
    """What the whole pipeline decides."""
    release = toy_release() if has_model else None
    return decide(situation, compose_edition(toy_catalogue(), release, VOCABULARY).pipeline)[0]


@pytest.mark.parametrize(("rung", "situation", "has_model"), LADDER)
def test_a_rung_is_reached_and_passes_every_gate(
    rung: Rung, situation: Situation, has_model: bool
) -> None:
    edition = compose_edition(toy_catalogue(), None, VOCABULARY)
    decision = decided(situation, has_model=has_model)
    assert decision.rung is rung
    permitted = np.ones(len(OFFERS), dtype=np.bool_)
    for rule in edition.pipeline.rules:
        permitted &= rule.permits(situation)
    assert (decision.permitted == permitted).all()
    shown = {OFFERS[row] for slate in decision.slates for row in slate.rows}
    assert shown <= {OFFERS[row] for row in np.flatnonzero(permitted)}
    assert GATED not in shown
    assert bool(shown) == (rung is not Rung.NO_OFFER)


def test_who_can_be_scored_less_well_is_permitted_the_same() -> None:
    same = [decided(situation, has_model=has) for _, situation, has in LADDER[:6]]
    assert all((it.verdicts == same[0].verdicts).all() for it in same)


def test_an_empty_rung_says_what_kept_it_empty() -> None:
    reasons = [
        {slate.no_offer_reason for slate in decided(situation, has_model=True).slates}
        for _, situation, _ in LADDER[6:]
    ]
    assert reasons == [{NoOfferReason.KILLED}, {NoOfferReason.STATE_UNAVAILABLE}]
