"""The contact policy's rules under the contract suite, and what each one means in a toy world."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import numpy as np
import pytest

from feature_repo.contact_layout import ContactEvent, ContactReason
from service.adapters.catalogue_contact import OPTED_OUT
from service.domain.catalogue import Lane
from service.domain.contact_policy import ContactPolicy, Cooldown, QuietHours, Scope
from service.domain.customer import Profile
from service.domain.situation import Placement, Situation
from service.rules.not_cooling_down import NotCoolingDown
from service.rules.outside_quiet_hours import OutsideQuietHours
from service.rules.within_caps import WithinCaps
from tests.contact_worlds import entry, history
from tests.contract.rule_contract import RuleContract
from tests.worlds import AS_OF, OFFERS, toy_catalogue, toy_customer, toy_situation

MESSAGE = (Placement("message", 1),)
NOW, FUND = AS_OF.timestamp(), OFFERS.index("buy_fund")


def told_under(policy: ContactPolicy, said: np.void | None, **ask: Any) -> Situation:
    """A decision for somebody who was told or answered this, or of whom nobody knows."""
    catalogue = toy_catalogue()
    contacts = None if said is None else history([said])
    return toy_situation(
        customer=replace(toy_customer(), contacts=contacts),
        catalogue=replace(catalogue, policy=replace(catalogue.policy, contact=policy)),
        **ask,
    )


class TestWithinCaps(RuleContract):
    rule = WithinCaps


class TestNotCoolingDown(RuleContract):
    rule = NotCoolingDown

    REJECTED = Cooldown("reject", None, Scope.OFFER, timedelta(days=90))
    HAS_IT = Cooldown("reject", "has_elsewhere", Scope.PRODUCT_LINE, timedelta(days=180))

    def resting(self, said: np.void, *cooldowns: Cooldown, **ask: Any) -> list[str]:
        """The offers kept back after this answer."""
        situation = told_under(ContactPolicy(cooldowns=cooldowns), said, **ask)
        return [OFFERS[row] for row in np.flatnonzero(~self.rule().permits(situation))]

    def test_keeps_back_what_was_rejected_for_as_long_as_the_policy_says(self) -> None:
        said = {"event": ContactEvent.REJECT}
        just = entry(NOW - 90 * 86_400 + 1, **said)
        assert self.resting(just, self.REJECTED) == ["buy_fund"]
        assert self.resting(entry(NOW - 90 * 86_400, **said), self.REJECTED) == []
        assert self.resting(entry(NOW - 1), self.REJECTED) == []

    def test_keeps_back_the_line_only_of_what_she_has_elsewhere(self) -> None:
        elsewhere = {"event": ContactEvent.REJECT, "reason": ContactReason.HAS_ELSEWHERE}
        other = {"event": ContactEvent.REJECT, "reason": ContactReason.BAD_TIME}
        assert self.resting(entry(NOW - 1, "of old", **elsewhere), self.HAS_IT) == ["buy_fund"]
        assert self.resting(entry(NOW - 1, "of old", **other), self.HAS_IT) == []

    def test_waits_for_the_date_she_named_whatever_the_policy(self) -> None:
        later = entry(NOW - 500 * 86_400, event=ContactEvent.LATER, until=NOW + 60)
        assert self.resting(later) == ["buy_fund"]
        explanation = self.rule().explain(told_under(ContactPolicy(), later), FUND)
        assert explanation.seen.startswith("later of buy_fund at ")
        assert explanation.seen.endswith(", keeps back this offer")
        assert explanation.possible_from == AS_OF + timedelta(seconds=61)

    @pytest.mark.parametrize(
        ("scope", "kept_back"),
        [
            (Scope.OFFER, "this offer"),
            (Scope.GROUP, "its group funds"),
            (Scope.PRODUCT_LINE, "its product line funds"),
            (Scope.CHANNEL, "all marketing in mobile_app"),
            (Scope.PLACEMENT, "all marketing in its placement"),
            (Scope.ALL, "all marketing"),
        ],
    )
    def test_says_what_she_answered_of_which_offer_and_what_that_keeps_back(
        self, scope: Scope, kept_back: str
    ) -> None:
        policy = ContactPolicy(cooldowns=(replace(self.REJECTED, scope=scope),))
        said = entry(NOW - 60, event=ContactEvent.REJECT)
        situation = told_under(policy, said, placements=(Placement("home_feed", 1),))
        at = (AS_OF - timedelta(seconds=60)).isoformat(timespec="seconds")
        told = self.rule().explain(situation, FUND).seen
        assert told == f"reject of buy_fund at {at}, keeps back {kept_back}"

    def test_names_the_answer_about_the_group_where_it_keeps_back_another_offer(self) -> None:
        policy = ContactPolicy(cooldowns=(replace(self.REJECTED, scope=Scope.GROUP),))
        for offer, name in (("get_card", "get_card"), ("of old", "an offer no longer made")):
            said = entry(NOW - 60, offer, event=ContactEvent.REJECT)
            told = self.rule().explain(told_under(policy, said), FUND).seen
            assert told.startswith(f"reject of {name} at ")
            assert told.endswith("keeps back its group funds")

    def test_explains_by_an_answer_that_concerns_the_offer_where_two_end_at_once(self) -> None:
        policy = ContactPolicy(cooldowns=(self.REJECTED,))
        others = [
            entry(NOW - 60, "get_card", "cards", event=ContactEvent.REJECT),
            entry(NOW - 60, event=ContactEvent.REJECT),
        ]
        situation = told_under(policy, others[0])
        customer = replace(situation.customer, contacts=history(others))
        told = self.rule().explain(replace(situation, customer=customer), FUND).seen
        assert told.startswith("reject of buy_fund at ")

    def test_keeps_all_marketing_back_when_nobody_knows_what_she_answered(self) -> None:
        situation = told_under(ContactPolicy(), None)
        assert not self.rule().permits(situation).any()
        assert self.rule().explain(situation, FUND).seen == "unknown contact history"

    def test_after_an_opt_out_no_marketing_stands_in_that_channel_also_if_a_service_was_meant(
        self,
    ) -> None:
        years = 5 * 365 * 86_400
        said = {"event": ContactEvent.OPTED_OUT, "channel": "sms", "is_marketing": False}
        out = entry(NOW - years, "of old", **said)
        by_sms = {"channel": "sms", "placements": MESSAGE}
        assert self.resting(out, OPTED_OUT, **by_sms) == list(OFFERS)
        assert self.resting(out, OPTED_OUT) == []
        situation = told_under(ContactPolicy(cooldowns=(OPTED_OUT,)), out, **by_sms)
        owed = replace(situation.catalogue, lanes=(Lane.MANDATORY,) * len(OFFERS))
        assert self.rule().permits(replace(situation, catalogue=owed)).all()

    def test_a_resting_place_leaves_the_others_open(self) -> None:
        of_place = replace(self.REJECTED, scope=Scope.PLACEMENT)
        said = entry(NOW - 1, event=ContactEvent.REJECT, placement="login_banner")
        assert self.resting(said, of_place) == []
        only = (Placement("login_banner", 1),)
        assert self.resting(said, of_place, placements=only) == list(OFFERS)


class TestOutsideQuietHours(RuleContract):
    rule = OutsideQuietHours

    NIGHT = ContactPolicy(quiet_hours=QuietHours(time(21), time(8)))

    def permits(self, hour: datetime, zone: str | None, **ask: Any) -> bool:
        situation = told_under(self.NIGHT, None, **{"channel": "sms", "placements": MESSAGE} | ask)
        customer = replace(situation.customer, profile=Profile(time_zone=zone))
        return bool(self.rule().permits(replace(situation, customer=customer, as_of=hour))[FUND])

    def test_sends_nothing_at_night_where_she_lives_and_where_nobody_knows_at_the_bank(
        self,
    ) -> None:
        at = datetime(2026, 11, 2, 13, 0, tzinfo=UTC)  # 21:00 in Shanghai, 14:00 in Madrid
        assert not self.permits(at, None)
        assert not self.permits(at, "nowhere")
        assert self.permits(at, "Europe/Madrid")
        assert self.permits(at - timedelta(minutes=1), None)
        assert self.permits(datetime(2026, 11, 3, 0, 0, tzinfo=UTC), None)

    def test_binds_outbound_channels_only(self) -> None:
        at = datetime(2026, 11, 2, 13, 0, tzinfo=UTC)
        inbound = {"channel": "mobile_app", "placements": (Placement("home_feed", 1),)}
        assert self.permits(at, None, **inbound)

    def test_what_the_bank_owes_her_may_be_said_at_night(self) -> None:
        situation = told_under(self.NIGHT, None, channel="sms", placements=MESSAGE)
        owed = replace(situation.catalogue, lanes=(Lane.MANDATORY,) * len(OFFERS))
        at_night = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)
        assert self.rule().permits(replace(situation, catalogue=owed, as_of=at_night)).all()

    def test_says_when_the_night_is_over_on_the_day_the_clocks_change(self) -> None:
        situation = told_under(self.NIGHT, None, channel="sms", placements=MESSAGE)
        customer = replace(situation.customer, profile=Profile(time_zone="Europe/Madrid"))
        night = datetime(2026, 10, 24, 22, 0, 30, tzinfo=UTC)
        explanation = self.rule().explain(replace(situation, customer=customer, as_of=night), FUND)
        assert explanation.possible_from == datetime(2026, 10, 25, 7, 0, tzinfo=UTC)
