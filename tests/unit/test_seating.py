"""Placements are filled together: nobody's place stays empty that another could have left."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from service.domain.catalogue import Catalogue, Lane
from service.domain.situation import Placement
from service.selectors.highest_priority import HighestPriority
from tests.worlds import OFFERS, toy_catalogue, toy_situation

ALL = np.ones(len(OFFERS), dtype=np.bool_)
BANNER, FEED = Placement("login_banner", 1), Placement("home_feed", 1)


def only(*offers: str) -> np.ndarray:
    """A mask of these offers."""
    return np.isin(np.array(OFFERS), offers)


def shown(catalogue: Catalogue, priority: dict[str, float]) -> list[list[str]]:
    """Offer ids per placement (banner, feed), one place each."""
    situation = toy_situation(catalogue=catalogue, placements=(BANNER, FEED))
    column = np.array([priority.get(offer, 0.0) for offer in OFFERS])
    slates = HighestPriority().select(situation, ALL, column)
    return [[OFFERS[row] for row in slate] for slate in slates]


def carrying(banner: np.ndarray, feed: np.ndarray) -> Catalogue:
    """The toy catalogue with these offers in its placements."""
    places = {"mobile_app/login_banner": banner, "mobile_app/home_feed": feed}
    catalogue = toy_catalogue()
    return replace(catalogue, in_placement=dict(catalogue.in_placement) | places)


def test_the_best_offer_moves_aside_for_one_that_fits_nowhere_else() -> None:
    catalogue = carrying(only("buy_fund", "get_card"), only("buy_fund"))
    assert shown(catalogue, {"buy_fund": 2.0, "get_card": 1.0}) == [["get_card"], ["buy_fund"]]


def test_nobody_moves_aside_for_an_offer_that_has_another_place() -> None:
    catalogue = carrying(only("buy_fund", "get_card"), only("buy_fund", "get_card"))
    assert shown(catalogue, {"buy_fund": 2.0, "get_card": 1.0}) == [["buy_fund"], ["get_card"]]


def test_an_offer_that_fits_nowhere_even_so_is_left_out() -> None:
    catalogue = carrying(only("buy_fund", "get_card"), only("take_loan"))
    assert shown(catalogue, {"buy_fund": 2.0, "get_card": 1.0}) == [["buy_fund"], ["take_loan"]]


def test_what_the_bank_owes_her_goes_before_service_and_service_before_marketing() -> None:
    lanes = {"visit_us": Lane.MANDATORY, "open_account": Lane.SERVICE}
    catalogue = replace(
        toy_catalogue(), lanes=tuple(lanes.get(offer, Lane.MARKETING) for offer in OFFERS)
    )
    assert shown(catalogue, {"buy_fund": 9.0}) == [["visit_us"], ["open_account"]]


def test_only_marketing_crowds_a_group() -> None:
    one_group = replace(toy_catalogue(), groups=("cards",) * len(OFFERS))
    policy = replace(one_group.policy, max_per_group=1)
    priority = {"buy_fund": 2.0, "get_card": 1.0}
    assert shown(replace(one_group, policy=policy), priority) == [["buy_fund"], []]
    served = replace(one_group, policy=policy, lanes=(Lane.SERVICE,) * len(OFFERS))
    assert shown(served, priority) == [["buy_fund"], ["get_card"]]
