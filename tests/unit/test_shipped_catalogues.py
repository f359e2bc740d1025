"""The catalogues in the repository: complete in both languages, with something for strangers."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from feature_repo.contract import CHANNELS
from service.adapters.catalogue_files import CatalogueFiles
from service.adapters.shipped_catalogues import catalogue_folder
from service.domain.catalogue import Lane
from service.domain.contact_policy import Counted, Scope
from service.domain.facts import SituationFacts
from service.errors import CatalogueInvalid
from tests.worlds import toy_customer, toy_situation

SHIPPED = sorted(
    Path(__file__).parents[2] / "catalogue" / bank for bank in ("santander", "simulated")
)


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_a_shipped_catalogue_speaks_both_languages_in_every_channel(folder: Path) -> None:
    catalogue = CatalogueFiles(folder, bank=folder.name).load()
    assert set(catalogue.policy.channels) == set(CHANNELS)
    for row in range(len(catalogue)):
        for channel in (name for name, mask in catalogue.in_channel.items() if mask[row]):
            for locale in ("zh-CN", "en"):
                assert catalogue.treatment(row, locale=locale, channel=channel)


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_a_shipped_catalogue_has_three_services_for_strangers_everywhere(folder: Path) -> None:
    catalogue = CatalogueFiles(folder).load()
    nobody = SituationFacts(toy_situation(customer=toy_customer(birth_date=None)), {})
    asks_nothing = catalogue.repeatable & np.isnan(catalogue.minimum_age) & ~catalogue.killed
    asks_nothing &= np.isnan(catalogue.risk_rating) & ~catalogue.advice_only
    asks_nothing &= catalogue.open_to_vulnerable
    asks_nothing &= catalogue.condition_program.holds(nobody).all(axis=0)
    for mask in catalogue.extra_purposes.values():
        asks_nothing &= ~mask
    for placed in catalogue.in_placement.values():
        assert (asks_nothing & placed).sum() >= 3


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_a_catalogue_that_was_read_leaves_nothing_to_lay_out_at_a_decision(folder: Path) -> None:
    catalogue = CatalogueFiles(folder).load()
    assert "condition_program" in vars(catalogue)
    assert set(vars(catalogue)["contact_plans"]) == set(catalogue.policy.channels)
    assert all("bindings" in vars(plan) for plan in catalogue.contact_plans.values())


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_a_shipped_policy_limits_marketing_everywhere_and_outbound_above_all(folder: Path) -> None:
    catalogue = CatalogueFiles(folder).load()
    contact, channels = catalogue.policy.contact, catalogue.policy.channels
    assert {(cap.scope, cap.counts) for cap in contact.caps} >= {
        (Scope.OFFER, Counted.IMPRESSION),
        (Scope.ALL, Counted.IMPRESSION),
        (Scope.ALL, Counted.DECISION),
    }
    outbound = {name for name, channel in channels.items() if channel.outbound}
    capped = {name for cap in contact.caps if cap.scope is Scope.CHANNEL for name in cap.only}
    assert capped == outbound
    assert contact.quiet_hours is not None
    assert {cooldown.outcome for cooldown in contact.cooldowns} >= {"reject", "complaint"}
    assert {channel for channel, policy in channels.items() if policy.advises} == {
        "call_center",
        "branch",
    }


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_a_complaint_keeps_all_marketing_back_for_a_month_however_it_is_reported(
    folder: Path,
) -> None:
    cooldowns = CatalogueFiles(folder).load().policy.contact.cooldowns
    rests = {(it.outcome, it.reason): it.duration for it in cooldowns if it.scope is Scope.ALL}
    month = timedelta(days=30)
    assert rests == {("complaint", None): month, ("reject", "complaint"): month}


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_a_shipped_notice_asks_for_a_reason_before_it_goes_before_everything(folder: Path) -> None:
    catalogue = CatalogueFiles(folder).load()
    assert set(catalogue.lanes) == set(Lane)
    for row in np.flatnonzero(~catalogue.is_marketing):
        assert catalogue.applicability.text(row) is not None
        assert catalogue.applicability.denied_when_unknown()[row]


def test_the_simulated_bank_sells_investments_only_to_who_can_bear_them() -> None:
    (folder,) = (folder for folder in SHIPPED if folder.name == "simulated")
    catalogue = CatalogueFiles(folder).load()
    invested = np.isin(catalogue.groups, ["wealth", "funds"])
    assert (~np.isnan(catalogue.risk_rating) == invested).all()
    assert catalogue.advice_only[catalogue.risk_rating == 5].all()
    closed = ~catalogue.open_to_vulnerable
    assert closed[np.isin(catalogue.groups, ["loans"])].all()
    assert closed[catalogue.risk_rating >= 4].all()
    assert catalogue.risk_rating[catalogue.row_of["wealth_r4"]] == 4


@pytest.mark.parametrize("rating", ["issuer_rating: 4\n", "issuer_rating: 1\n"])
def test_a_rating_lost_from_an_investment_refuses_the_simulated_banks_catalogue(
    tmp_path: Path, rating: str
) -> None:
    (shipped,) = (folder for folder in SHIPPED if folder.name == "simulated")
    folder = Path(shutil.copytree(shipped, tmp_path / "catalogue"))
    offers = (folder / "offers.yaml").read_text(encoding="utf-8")
    assert rating in offers
    (folder / "offers.yaml").write_text(offers.replace(f"    {rating}", ""), encoding="utf-8")
    with pytest.raises(CatalogueInvalid, match=r"offers\.yaml:\d+: offer \w+: group \w+ is rated"):
        CatalogueFiles(folder).load()


def test_santander_fills_a_strangers_feed_and_denies_nobody_for_a_fact_the_panel_lacks() -> None:
    (folder,) = (folder for folder in SHIPPED if folder.name == "santander")
    catalogue = CatalogueFiles(folder).load()
    assert np.isnan(catalogue.minimum_age).all()
    assert np.isnan(catalogue.risk_rating).all()
    assert catalogue.open_to_vulnerable.all()
    assert not catalogue.extra_purposes
    marketing = catalogue.is_marketing
    assert not catalogue.eligibility.denied_when_unknown().any()
    assert not catalogue.applicability.denied_when_unknown()[marketing].any()
    services = [catalogue.groups[row] for row in np.flatnonzero(catalogue.repeatable & marketing)]
    most = catalogue.policy.max_per_group
    assert sum(min(services.count(group), most) for group in set(services)) >= 3
    products = ~catalogue.repeatable & ~catalogue.advice_only
    assert products.sum() >= 16
    assert len({catalogue.groups[row] for row in np.flatnonzero(products)}) >= 6


def test_a_bank_without_a_catalogue_hears_in_one_sentence_where_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(CatalogueInvalid) as refused:
        catalogue_folder("", bank="mybank")
    assert str(refused.value) == (
        "no catalogue for bank mybank: copy catalogue/simulated to a folder and name it in"
        " NBO_CATALOGUE"
    )
    assert catalogue_folder(str(tmp_path), bank="mybank") == tmp_path
    assert catalogue_folder("", bank="simulated").is_dir()
