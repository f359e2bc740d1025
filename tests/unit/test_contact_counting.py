"""Counting under caps: equal to a counter so plain that it is obviously right."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from feature_repo.contact_layout import ContactEvent, Entries
from service.domain.catalogue import Lane
from service.domain.contact_policy import CalendarWindow, Cap, ContactPolicy, Counted, Scope
from service.domain.situation import Placement, Situation
from service.rules.within_caps import WithinCaps
from service.selectors.highest_priority import HighestPriority
from tests.contact_worlds import binds, counted, entry, history
from tests.worlds import AS_OF, GROUPS, OFFERS, situations, toy_catalogue, toy_customer
from tests.worlds import toy_situation as at_the_toy_bank

NOW = AS_OF.timestamp()
FUND = OFFERS.index("buy_fund")
many = settings(max_examples=500, deadline=None)


def capped(
    *caps: Cap, contacts: Entries | None, groups: tuple[str, ...] = GROUPS, **ask: object
) -> Situation:
    """A login of somebody with this history under these caps."""
    catalogue = replace(toy_catalogue(), groups=groups)
    policy = replace(catalogue.policy, contact=ContactPolicy(caps=caps))
    return at_the_toy_bank(
        customer=replace(toy_customer(), contacts=contacts),
        catalogue=replace(catalogue, policy=policy),
        **ask,
    )


def cap(scope: Scope = Scope.OFFER, limit: int = 1, **changes: object) -> Cap:
    """At most one impression of an offer in a day, unless said otherwise."""
    plain = Cap("toy", scope, Counted.IMPRESSION, timedelta(days=1), limit)
    return replace(plain, **changes)


def permits(situation: Situation) -> bool:
    return bool(WithinCaps().permits(situation)[FUND])


@given(situation=situations())
@many
def test_permits_exactly_where_a_plain_counter_finds_room_in_some_place(
    situation: Situation,
) -> None:
    assume(situation.customer.contacts is not None)
    caps, ask = situation.catalogue.policy.contact.caps, situation.ask
    permitted = WithinCaps().permits(situation)
    for row in range(len(situation.catalogue)):
        carried = [
            p.id
            for p in ask.placements
            if situation.catalogue.in_placement[f"{ask.channel}/{p.id}"][row]
        ]
        everywhere = [cap for cap in caps if cap.scope is not Scope.PLACEMENT]
        of_places = [cap for cap in caps if cap.scope is Scope.PLACEMENT]
        fits = all(has_room(cap, situation, row, "") for cap in everywhere)
        placed = not carried or any(
            all(has_room(cap, situation, row, place) for cap in of_places) for place in carried
        )
        assert permitted[row] == (fits and placed)


def has_room(cap: Cap, situation: Situation, row: int, placement: str) -> bool:
    if not binds(cap, situation, row, placement):
        return True
    return counted(situation, cap, row, placement) < cap.limit


@given(situation=situations())
@many
def test_an_offer_becomes_possible_at_the_instant_it_is_said_and_not_a_second_before(
    situation: Situation,
) -> None:
    rule = WithinCaps()
    for row in np.flatnonzero(~rule.permits(situation)).tolist():
        possible = rule.explain(situation, row).possible_from
        if possible is None:
            continue
        assert rule.permits(replace(situation, as_of=possible))[row]
        before = possible - timedelta(seconds=1)
        if before > situation.as_of:
            assert not rule.permits(replace(situation, as_of=before))[row]


@given(situation=situations(), data=st.data())
@many
def test_a_slate_filled_within_the_budget_breaks_no_cap(
    situation: Situation, data: st.DataObject
) -> None:
    assume(situation.customer.contacts is not None)
    budget, ask = situation.cap_room.budget(), situation.ask
    of_so_many = situation.cap_room.budget(len(situation.catalogue))
    taken: list[np.void] = []
    for row in data.draw(st.permutations(range(len(situation.catalogue)))):
        place = data.draw(st.sampled_from([placement.id for placement in ask.placements]))
        now = replace(
            situation,
            customer=replace(
                situation.customer,
                contacts=history([*situation.customer.contacts, *taken]),
            ),
        )
        caps = situation.catalogue.policy.contact.caps
        expected = all(has_room(cap, now, row, place) for cap in caps)
        is_closed = place in situation.cooling.closed_places
        closed = is_closed and situation.catalogue.is_marketing[row]
        assert budget.fits(row, place) == (expected and not closed)
        assert of_so_many.fits(row, place) == budget.fits(row, place)
        if budget.fits(row, place):
            budget.take(row, place)
            of_so_many.take(row, place)
            taken.append(handed_out(situation, row, place))


def handed_out(situation: Situation, row: int, place: str) -> np.void:
    catalogue = situation.catalogue
    return entry(
        situation.as_of_seconds,
        catalogue.offer_ids[row],
        catalogue.groups[row],
        line=catalogue.product_lines[row],
        event=ContactEvent.DECISION,
        decision=99,
        channel=situation.ask.channel,
        placement=place,
        is_marketing=bool(catalogue.is_marketing[row]),
    )


def test_three_free_places_hold_two_offers_when_two_a_day_are_allowed() -> None:
    situation = capped(cap(Scope.ALL, limit=2), contacts=history([]))
    budget = situation.cap_room.budget()
    for row in (0, 1):
        assert budget.fits(row, "home_feed")
        budget.take(row, "home_feed")
    assert not budget.fits(2, "home_feed")
    budget.give_back(1, "home_feed")
    assert budget.fits(2, "home_feed")


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_the_slates_of_one_login_hold_no_more_than_a_cap_has_room_for(limit: int) -> None:
    places = (Placement("home_feed", 2), Placement("login_banner", 1))
    situation = capped(cap(Scope.ALL, limit), contacts=history([]), placements=places)
    everything = np.ones(len(OFFERS), dtype=np.bool_)
    slates = HighestPriority().select(situation, everything, np.ones(len(OFFERS)))
    assert situation.catalogue.is_marketing.all()
    assert sum(map(len, slates)) == limit


def test_what_the_bank_owes_her_is_bound_by_no_cap_and_counts_for_none() -> None:
    lanes = tuple(Lane.SERVICE if offer == "visit_us" else Lane.MARKETING for offer in OFFERS)
    situation = capped(cap(Scope.ALL), contacts=history([entry(NOW - 1)]))
    situation = replace(situation, catalogue=replace(situation.catalogue, lanes=lanes))
    permitted = WithinCaps().permits(situation)
    assert permitted.tolist() == [lane is Lane.SERVICE for lane in lanes]
    reminder = history([entry(NOW - 1, "visit_us", is_marketing=False)])
    assert permits(capped(cap(Scope.ALL), contacts=reminder))


def test_an_unreadable_history_leaves_no_room_where_a_cap_binds_and_only_there() -> None:
    situation = capped(cap(only=frozenset({"buy_fund"})), contacts=None)
    permitted = WithinCaps().permits(situation)
    assert permitted.tolist() == [offer != "buy_fund" for offer in OFFERS]
    assert not situation.cap_room.budget().fits(FUND, "home_feed")
    assert WithinCaps().explain(situation, FUND).seen == "unknown contact history"


@pytest.mark.parametrize(
    ("age", "event", "counts", "room"),
    [
        (599.0, ContactEvent.DECISION, Counted.IMPRESSION, False),
        (600.0, ContactEvent.DECISION, Counted.IMPRESSION, True),
        (600.0, ContactEvent.DECISION, Counted.DECISION, False),
        (86_400.0, ContactEvent.IMPRESSION, Counted.IMPRESSION, False),
        (86_401.0, ContactEvent.IMPRESSION, Counted.IMPRESSION, True),
        (1.0, ContactEvent.IMPRESSION, Counted.CLICK, True),
        (1.0, ContactEvent.CLICK, Counted.CLICK, False),
        (1.0, ContactEvent.CLICK, Counted.OUTCOME, True),
        (1.0, ContactEvent.DISMISS, Counted.OUTCOME, False),
    ],
)
def test_counts_what_the_cap_is_about_for_as_long_as_it_says(
    age: float, event: ContactEvent, counts: Counted, room: bool
) -> None:
    contacts = history([entry(NOW - age, event=event)])
    assert permits(capped(cap(counts=counts), contacts=contacts)) == room


def test_a_reservation_made_before_midnight_still_counts_after_it() -> None:
    midnight = datetime(2026, 11, 2, 16, 0, tzinfo=UTC)
    made = history([entry(midnight.timestamp() - 60, event=ContactEvent.DECISION)])
    situation = capped(cap(window=CalendarWindow.DAY), contacts=made)
    assert not permits(replace(situation, as_of=midnight + timedelta(minutes=1)))
    assert permits(replace(situation, as_of=midnight + timedelta(minutes=9)))


def test_an_impression_confirms_its_own_reservation_and_no_other() -> None:
    reserved = entry(NOW - 60, event=ContactEvent.DECISION, decision=1)
    seen = entry(NOW - 30, decision=1)
    other = entry(NOW - 30, decision=2)
    assert permits(capped(cap(limit=2), contacts=history([reserved, seen])))
    assert not permits(capped(cap(limit=2), contacts=history([reserved, other])))


def test_a_cap_of_one_channel_binds_and_counts_in_that_channel_only() -> None:
    sms_only = cap(Scope.CHANNEL, only=frozenset({"sms"}))
    told = history([entry(NOW - 60, channel="sms", placement="message")])
    assert permits(capped(sms_only, contacts=told))
    message = (Placement("message", 1),)
    assert not permits(capped(sms_only, contacts=told, channel="sms", placements=message))
    elsewhere = history([entry(NOW - 60)])
    assert permits(capped(sms_only, contacts=elsewhere, channel="sms", placements=message))


def test_a_full_place_leaves_the_other_places_free() -> None:
    full = history([entry(NOW - 60, "get_card", placement="login_banner")])
    situation = capped(cap(Scope.PLACEMENT), contacts=full)
    assert permits(situation)
    budget = situation.cap_room.budget()
    assert budget.fits(FUND, "home_feed")
    assert not budget.fits(FUND, "login_banner")


def test_says_which_cap_was_full_what_it_counted_and_when_it_has_room() -> None:
    shown = history([entry(NOW - 7_200, decision=1), entry(NOW - 3_600, decision=2)])
    explanation = WithinCaps().explain(capped(cap(limit=2), contacts=shown), FUND)
    assert explanation.seen == "toy: 2"
    assert explanation.needed.endswith(" per offer in 24 hours")
    assert explanation.possible_from == AS_OF + timedelta(hours=22, seconds=1)
