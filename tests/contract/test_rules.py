"""Every rule under the contract suite, and what each one means in a toy world."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.domain.catalogue import Lane
from service.domain.consent import ConsentRecord, ConsentStatus, Purpose
from service.domain.customer import Profile
from service.domain.situation import Placement
from service.rules.advice_available import AdviceAvailable
from service.rules.consent_given import ConsentGiven
from service.rules.minimum_age import MinimumAge
from service.rules.not_already_held import NotAlreadyHeld
from service.rules.not_killed import NotKilled
from service.rules.offered_in_channel import OfferedInChannel
from service.rules.open_to_investor_class import OpenToInvestorClass
from service.rules.safe_for_vulnerable import SafeForVulnerable
from service.rules.within_risk_capacity import WithinRiskCapacity
from service.rules.within_validity import WithinValidity
from tests.contract.rule_contract import RuleContract
from tests.worlds import AS_OF, OFFERS, toy_catalogue, toy_customer, toy_situation, with_profile

MESSAGE = (Placement("message", 1),)
ADVISOR_DESK = (Placement("advisor_desk", 3),)
leaplings = st.sampled_from([date(year, 2, 29) for year in range(1904, 2025, 4)])


def record(**statuses: ConsentStatus) -> ConsentRecord:
    """Consents by `channel__purpose`, with `all` for every channel."""
    named = {
        key.replace("all__", "*/").replace("__", "/"): status for key, status in statuses.items()
    }
    return ConsentRecord(named)


class TestNotAlreadyHeld(RuleContract):
    rule = NotAlreadyHeld

    @pytest.mark.parametrize(("state", "permitted"), [(0.0, True), (1.0, False), (np.nan, False)])
    def test_withholds_a_product_that_is_held_or_unknown(
        self, state: float, permitted: bool
    ) -> None:
        situation = toy_situation(customer=toy_customer(held={"fund": state}))
        assert self.rule().permits(situation)[OFFERS.index("buy_fund")] == permitted

    def test_permits_a_repeatable_offer_to_a_holder(self) -> None:
        repeatable = np.array([offer == "buy_fund" for offer in OFFERS])
        situation = toy_situation(
            customer=toy_customer(held={"fund": 1.0}),
            catalogue=replace(toy_catalogue(), repeatable=repeatable),
        )
        assert self.rule().permits(situation)[OFFERS.index("buy_fund")]


class TestOfferedInChannel(RuleContract):
    rule = OfferedInChannel

    def test_withholds_an_offer_no_asked_placement_carries(self) -> None:
        catalogue = toy_catalogue()
        nowhere = np.zeros(len(catalogue), dtype=np.bool_)
        places = dict(catalogue.in_placement) | {"mobile_app/home_feed": nowhere}
        situation = toy_situation(
            catalogue=replace(catalogue, in_placement=places),
            placements=(Placement("home_feed", 3),),
        )
        assert not self.rule().permits(situation).any()


class TestWithinValidity(RuleContract):
    rule = WithinValidity

    @pytest.mark.parametrize(
        ("begins", "ends", "permitted"),
        [(-1, 1, True), (0, 1, True), (1, 2, False), (-2, -1, False), (-1, 0, False)],
    )
    def test_permits_from_the_first_instant_until_before_the_last(
        self, begins: float, ends: float, permitted: bool
    ) -> None:
        now, catalogue = AS_OF.timestamp(), toy_catalogue()
        window = replace(
            catalogue,
            valid_from=np.full(len(catalogue), now + begins),
            valid_until=np.full(len(catalogue), now + ends),
        )
        assert self.rule().permits(toy_situation(catalogue=window)).all() == permitted


class TestMinimumAge(RuleContract):
    rule = MinimumAge

    @pytest.mark.parametrize(
        ("born", "permitted"),
        [(date(2008, 11, 2), True), (date(2008, 11, 3), False), (None, False)],
    )
    def test_counts_completed_years_at_the_bank(self, born: date | None, permitted: bool) -> None:
        situation = toy_situation(customer=toy_customer(birth_date=born))
        assert self.rule().permits(situation)[OFFERS.index("get_card")] == permitted

    def test_names_the_birthday_she_may_be_offered_it(self) -> None:
        situation = toy_situation(customer=toy_customer(birth_date=date(2010, 3, 4)))
        explanation = self.rule().explain(situation, OFFERS.index("get_card"))
        assert explanation.possible_from is not None
        assert explanation.possible_from.date() == date(2028, 3, 4)

    @given(
        born=leaplings | st.dates(date(1900, 1, 1), AS_OF.date()),
        years=st.integers(0, 120),
        zone=st.sampled_from(["Europe/Madrid", "Pacific/Apia", "America/Havana", "Asia/Kathmandu"]),
    )
    @example(born=date(2008, 2, 29), years=20, zone="Asia/Shanghai")
    @example(born=date(2008, 2, 29), years=21, zone="Asia/Shanghai")
    def test_the_birthday_it_names_is_the_first_day_on_which_it_permits(
        self, born: date, years: int, zone: str
    ) -> None:
        catalogue = toy_catalogue()
        asked = replace(
            toy_situation(customer=toy_customer(birth_date=born)),
            catalogue=replace(
                catalogue,
                policy=replace(catalogue.policy, time_zone=zone),
                minimum_age=np.full(len(catalogue), float(years)),
            ),
        )
        begins = self.rule().explain(asked, 0).possible_from
        if begins is None:
            assert self.rule().permits(asked).all()
            return
        begins = begins.astimezone(UTC)
        assert self.rule().permits(replace(asked, as_of=begins)).all()
        assert not self.rule().permits(replace(asked, as_of=begins - timedelta(seconds=1))).any()


class TestConsentGiven(RuleContract):
    rule = ConsentGiven

    def test_permits_display_unless_refused(self) -> None:
        assert self.rule().permits(toy_situation())[OFFERS.index("buy_fund")]
        refused = toy_customer(consents=record(all__display=ConsentStatus.REFUSED))
        assert not self.rule().permits(toy_situation(customer=refused)).any()

    def test_sends_messages_only_to_who_asked_for_them(self) -> None:
        rule = self.rule()
        silent = toy_situation(channel="sms", placements=MESSAGE)
        assert not rule.permits(silent).any()
        willing = toy_customer(consents=record(sms__outbound=ConsentStatus.GIVEN))
        asked = toy_situation(customer=willing, channel="sms", placements=MESSAGE)
        assert rule.permits(asked)[OFFERS.index("buy_fund")]

    def test_lets_the_channels_own_entry_outrank_the_general_one(self) -> None:
        mixed = record(all__outbound=ConsentStatus.GIVEN, sms__outbound=ConsentStatus.REFUSED)
        situation = toy_situation(
            customer=toy_customer(consents=mixed), channel="sms", placements=MESSAGE
        )
        assert not self.rule().permits(situation).any()

    def test_withholds_partner_offers_without_third_party_consent(self) -> None:
        cover = OFFERS.index("partner_cover")
        assert not self.rule().permits(toy_situation())[cover]
        given = toy_customer(consents=record(all__third_party=ConsentStatus.GIVEN))
        assert self.rule().permits(toy_situation(customer=given))[cover]

    def test_denies_everything_when_one_of_her_records_was_unreadable(self) -> None:
        unreadable = ConsentRecord({f"*/{p}": ConsentStatus.UNREADABLE for p in Purpose})
        customer = toy_customer(consents=unreadable)
        for ask in ({}, {"channel": "sms", "placements": MESSAGE}):
            assert not self.rule().permits(toy_situation(customer=customer, **ask)).any()

    def test_needs_no_consent_for_what_is_no_marketing(self) -> None:
        lanes = tuple(Lane.SERVICE if offer == "visit_us" else Lane.MARKETING for offer in OFFERS)
        catalogue = replace(toy_catalogue(), lanes=lanes)
        situation = toy_situation(customer=toy_customer(consents=None), catalogue=catalogue)
        assert np.flatnonzero(self.rule().permits(situation)).tolist() == [OFFERS.index("visit_us")]

    def test_denies_everything_when_the_record_is_unreadable(self) -> None:
        assert not self.rule().permits(toy_situation(customer=toy_customer(consents=None))).any()


class TestNotKilled(RuleContract):
    rule = NotKilled

    def test_withholds_a_stopped_offer(self) -> None:
        killed = np.array([offer == "take_loan" for offer in OFFERS])
        situation = toy_situation(catalogue=replace(toy_catalogue(), killed=killed))
        assert self.rule().permits(situation).tolist() == [offer != "take_loan" for offer in OFFERS]


class TestWithinRiskCapacity(RuleContract):
    rule = WithinRiskCapacity

    @pytest.mark.parametrize(
        ("capacity", "assessed", "permitted"),
        [
            (3.0, date(2026, 1, 1), True),
            (2.0, date(2026, 1, 1), False),
            (np.nan, date(2026, 1, 1), False),
            (5.0, None, False),
            (5.0, date(2025, 11, 2), True),
            (5.0, date(2025, 11, 1), False),
            (5.0, date(2026, 11, 2), True),
            (5.0, date(2026, 11, 3), False),
        ],
    )
    def test_asks_for_capacity_under_an_assessment_of_the_last_year(
        self, capacity: float, assessed: date | None, permitted: bool
    ) -> None:
        rating = np.array([3.0 if offer == "buy_fund" else np.nan for offer in OFFERS])
        profile = Profile(risk_capacity=capacity, risk_assessed_on=assessed)
        situation = toy_situation(
            customer=with_profile(toy_customer(), profile),
            catalogue=replace(toy_catalogue(), risk_rating=rating),
        )
        permits = self.rule().permits(situation)
        assert permits[OFFERS.index("buy_fund")] == permitted
        assert permits[OFFERS.index("take_loan")]


class TestOpenToInvestorClass(RuleContract):
    rule = OpenToInvestorClass

    @pytest.mark.parametrize(
        ("of_class", "permitted"),
        [("professional", True), ("retail", False), (None, False), ("of old", False)],
    )
    def test_sells_to_her_class_only(self, of_class: str | None, permitted: bool) -> None:
        for_professionals = np.array([offer != "buy_fund" for offer in OFFERS])
        classes = dict(toy_catalogue().investor_classes) | {"retail": for_professionals}
        situation = toy_situation(
            customer=with_profile(toy_customer(), Profile(investor_class=of_class)),
            catalogue=replace(toy_catalogue(), investor_classes=classes),
        )
        permits = self.rule().permits(situation)
        assert permits[OFFERS.index("buy_fund")] == permitted
        assert permits[OFFERS.index("take_loan")]


class TestAdviceAvailable(RuleContract):
    rule = AdviceAvailable

    @pytest.mark.parametrize(("channel", "permitted"), [("branch", True), ("mobile_app", False)])
    def test_sells_with_advice_where_somebody_advises(self, channel: str, permitted: bool) -> None:
        advised = np.array([offer == "buy_fund" for offer in OFFERS])
        places = {"branch": ADVISOR_DESK, "mobile_app": (Placement("home_feed", 3),)}
        situation = toy_situation(
            catalogue=replace(toy_catalogue(), advice_only=advised),
            channel=channel,
            placements=places[channel],
        )
        assert self.rule().permits(situation)[OFFERS.index("buy_fund")] == permitted


class TestSafeForVulnerable(RuleContract):
    rule = SafeForVulnerable

    @pytest.mark.parametrize(("vulnerable", "permitted"), [(False, True), (True, False)])
    def test_spares_who_is_or_may_be_vulnerable(self, vulnerable: bool, permitted: bool) -> None:
        safe = np.array([offer != "take_loan" for offer in OFFERS])
        catalogue = replace(toy_catalogue(), open_to_vulnerable=safe)
        for known, verdict in ((vulnerable, permitted), (None, False)):
            customer = with_profile(toy_customer(), Profile(is_vulnerable=known))
            permits = self.rule().permits(toy_situation(customer=customer, catalogue=catalogue))
            assert permits[OFFERS.index("take_loan")] == verdict
            assert permits[OFFERS.index("buy_fund")]


def test_the_toy_instant_is_at_the_bank_the_day_the_age_test_assumes() -> None:
    assert toy_situation().local_date == date(2026, 11, 2)
    assert datetime(2026, 11, 2, 9, 0, tzinfo=UTC) == AS_OF
