"""The example catalogue fits what the simulated bank sells and where it shows it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from feature_repo.contract import CHANNELS
from training.simulated_bank.logging_policy import PLACEMENTS
from training.simulated_bank.products import GROUP_OF, PRODUCTS, VOCABULARY

CATALOGUE = Path(__file__).parents[2] / "catalogue" / "simulated"


@pytest.fixture(scope="module")
def offers():
    return yaml.safe_load((CATALOGUE / "offers.yaml").read_text())["offers"]


@pytest.fixture(scope="module")
def policy():
    return yaml.safe_load((CATALOGUE / "policy.yaml").read_text())


@pytest.fixture(scope="module")
def treatments():
    return yaml.safe_load((CATALOGUE / "treatments.yaml").read_text())["treatments"]


def test_every_product_has_an_offer_in_its_own_group(offers):
    assert set(VOCABULARY) <= {offer["product_id"] for offer in offers}
    for offer in offers:
        assert offer["group"] == GROUP_OF.get(offer["product_id"], offer["group"])


def test_past_offers_bear_the_ids_of_the_catalogue(offers):
    assert set(VOCABULARY) <= {offer["id"] for offer in offers}


def test_offers_ask_for_the_age_and_consent_that_the_simulator_asks_for(offers):
    by_product = {offer["product_id"]: offer for offer in offers}
    for product in PRODUCTS:
        offer = by_product[product.product_id]
        assert offer.get("minimum_age", 0) == product.minimum_age
        assert (offer.get("purpose") == "third_party") == product.third_party


def test_three_offers_may_be_made_to_anybody_anywhere(offers):
    free = [
        offer
        for offer in offers
        if offer["product_id"] not in VOCABULARY
        and offer.get("repeatable")
        and set(offer["channels"]) == set(CHANNELS)
        and not {"minimum_age", "purpose", "valid_from", "valid_until"} & set(offer)
    ]
    assert len(free) >= 3


def test_the_policy_has_the_placements_past_offers_were_shown_in(policy):
    placements = {name: set(entry["placements"]) for name, entry in policy["channels"].items()}
    assert placements == {name: set(places) for name, places in PLACEMENTS.items()}


def test_every_offer_is_worded_in_both_languages(offers, treatments):
    worded = {(entry["offer"], entry["locale"]) for entry in treatments if "channel" not in entry}
    assert worded == {(offer["id"], locale) for offer in offers for locale in ("zh-CN", "en")}


def test_credit_investment_and_insurance_are_never_worded_without_a_disclosure(offers, treatments):
    needs = {"deposits", "wealth", "funds", "loans", "mortgages", "insurance"}
    risky = {offer["id"] for offer in offers if offer["group"] in needs}
    risky |= {offer["id"] for offer in offers if offer["id"].startswith("credit_card")}
    assert all(entry.get("disclosure") for entry in treatments if entry["offer"] in risky)
    assert all(entry.get("talk_track") for entry in treatments if "channel" not in entry)
