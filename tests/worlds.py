"""Toy worlds with obvious right answers: a small bank, customers who know little, and whole random
situations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
from hypothesis import strategies as st

from feature_repo.contract import FEATURES, VIEWS, Kind, list_length
from feature_repo.raw_features import RawFeatures
from service.domain.catalogue import (
    Catalogue,
    ChannelPolicy,
    Lane,
    Policy,
)
from service.domain.conditions import Conditions
from service.domain.consent import (
    NOTHING_RECORDED,
    ConsentMode,
    ConsentRecord,
    ConsentStatus,
    Purpose,
)
from service.domain.contact_policy import UNLIMITED
from service.domain.context_weights import ContextWeight
from service.domain.customer import Customer, Profile, Standing
from service.domain.situation import Ask, Placement, Situation
from service.domain.treatment import CallToAction, Treatment
from tests.contact_worlds import EMPTY, PLACES, contact_policies, histories

AS_OF = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
MANY = st.integers(1, 4)
VOCABULARY = ("account", "card", "fund", "loan")
OFFERS = ("open_account", "get_card", "buy_fund", "take_loan", "partner_cover", "visit_us")
PRODUCTS = ("account", "card", "fund", "loan", "cover", "visit")
GROUPS = ("accounts", "cards", "funds", "lending", "insurance", "services")

TOY_POLICY = Policy(
    version="policy-1",
    time_zone="Asia/Shanghai",
    channels={
        "mobile_app": ChannelPolicy(Purpose.DISPLAY, False, {"login_banner": 1, "home_feed": 3}),
        "sms": ChannelPolicy(Purpose.OUTBOUND, True, {"message": 1}),
        "branch": ChannelPolicy(Purpose.DISPLAY, False, {"advisor_desk": 3}, advises=True),
    },
    consent_modes={
        "*/display": ConsentMode.OPT_OUT,
        "*/personalisation": ConsentMode.OPT_OUT,
        "*/outbound": ConsentMode.OPT_IN,
        "*/third_party": ConsentMode.OPT_IN,
    },
    context_weights=(ContextWeight(None, "borrow", "lending", 1.8),),
    max_per_group=2,
    contact=UNLIMITED,
    suitability_valid_days=365,
)


def toy_catalogue() -> Catalogue:
    """Six offers, four of them for products; the card asks for age 18, the cover for third-party
    consent.
    """
    count = len(OFFERS)
    everywhere = np.ones(count, dtype=np.bool_)
    nowhere = np.zeros(count, dtype=np.bool_)
    third_party = nowhere.copy()
    third_party[OFFERS.index("partner_cover")] = True
    minimum_age = np.full(count, np.nan)
    minimum_age[OFFERS.index("get_card")] = 18
    return Catalogue(
        version="catalogue-1",
        currency="CNY",
        offer_ids=OFFERS,
        offer_versions=(1,) * count,
        product_ids=PRODUCTS,
        groups=GROUPS,
        product_lines=GROUPS,
        lanes=(Lane.MARKETING,) * count,
        values=np.array([10.0, 20.0, 30.0, 40.0, 5.0, 1.0]),
        levers=np.ones(count),
        minimum_age=minimum_age,
        valid_from=np.full(count, -np.inf),
        valid_until=np.full(count, np.inf),
        repeatable=nowhere.copy(),
        killed=nowhere.copy(),
        risk_rating=np.full(count, np.nan),
        advice_only=nowhere.copy(),
        investor_classes={name: everywhere.copy() for name in ("retail", "professional")},
        open_to_vulnerable=everywhere.copy(),
        eligibility=Conditions([()] * count),
        applicability=Conditions([()] * count),
        extra_purposes={Purpose.THIRD_PARTY: third_party},
        in_channel={"mobile_app": everywhere, "sms": everywhere, "branch": everywhere},
        in_placement={
            "branch/advisor_desk": everywhere,
            "mobile_app/login_banner": everywhere,
            "mobile_app/home_feed": everywhere,
            "sms/message": everywhere,
        },
        treatments={
            (offer, locale, "*"): toy_words(locale)
            for offer in OFFERS
            for locale in ("en", "zh-CN")
        },
        fallback_locale="en",
        policy=TOY_POLICY,
    )


def toy_words(locale: str) -> Treatment:
    """The same words in every locale."""
    action = CallToAction("Go", "app://go")
    return Treatment(locale, "Title", "Body", action, None, None, "Say this.")


def unknown_features(as_of: datetime = AS_OF) -> RawFeatures:
    """A customer whose views were all written at `as_of` and hold nothing."""
    day = as_of.timestamp() / 86_400.0
    lists = {
        f.name: np.full((1, list_length(f.kind, len(VOCABULARY))), np.nan, dtype=np.float32)
        for f in FEATURES
        if f.kind not in (Kind.NUMBER, Kind.CATEGORY)
    }
    return RawFeatures(
        numbers={
            f.name: np.full(1, np.nan, dtype=np.float32) for f in FEATURES if f.kind is Kind.NUMBER
        },
        categories={
            f.name: np.array([None], dtype=object) for f in FEATURES if f.kind is Kind.CATEGORY
        },
        lists=lists,
        event_days={view.name: np.array([day]) for view in VIEWS},
    )


def toy_customer(
    *,
    held: Mapping[str, float] | None = None,
    birth_date: date | None = date(1990, 5, 1),
    consents: ConsentRecord | None = NOTHING_RECORDED,
    has_features: bool = True,
) -> Customer:
    """Somebody the bank knows, who holds nothing unless said otherwise (NaN = unknown)."""
    states = dict.fromkeys(VOCABULARY, 0.0) | dict(held or {})
    vector = np.array([states[product] for product in VOCABULARY], dtype=np.float32)
    features = None
    if has_features:
        features = unknown_features()
        features.lists["held"][0] = vector
    return Customer(
        standing=Standing.KNOWN if consents is not None else Standing.UNREADABLE,
        consents=consents,
        features=features,
        held=vector,
        birth_date=birth_date,
        is_stale=False,
        degraded_reasons=(),
        contacts=EMPTY if consents is not None else None,
    )


def with_profile(customer: Customer, profile: Profile, *, segment: str | None = None) -> Customer:
    """The customer with these facts, in her profile and in what conditions and models read."""
    if customer.features is not None:
        customer.features.categories["segment"][0] = segment
        customer.features.numbers["risk_capacity"][0] = profile.risk_capacity
    return replace(customer, profile=profile)


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    """What may be known about somebody, each fact for itself."""
    days = st.dates(date(2024, 1, 1), date(2026, 11, 5))
    return Profile(
        risk_capacity=draw(st.sampled_from([np.nan, 1.0, 3.0, 5.0])),
        risk_assessed_on=draw(st.none() | days),
        investor_class=draw(st.sampled_from([None, "retail", "professional", "of old"])),
        is_vulnerable=draw(st.sampled_from([None, False, True])),
        time_zone=draw(st.sampled_from([None, "Asia/Kathmandu", "Europe/Madrid", "nowhere"])),
    )


def toy_situation(
    *,
    customer: Customer | None = None,
    catalogue: Catalogue | None = None,
    channel: str = "mobile_app",
    placements: tuple[Placement, ...] = (Placement("login_banner", 1), Placement("home_feed", 3)),
    intent: str | None = None,
) -> Situation:
    """A login to the toy bank."""
    catalogue = catalogue or toy_catalogue()
    ask = Ask(channel, placements, locale="en", trigger="login", intent=intent)
    codes = catalogue.product_codes(VOCABULARY)
    return Situation(ask, customer or toy_customer(), catalogue, codes, AS_OF)


def stripped(situation: Situation) -> Situation:
    """The same situation with every fact about the customer gone, but for her time zone: without it
    the bank's own applies, by definition.
    """
    nobody = Customer(
        standing=Standing.UNREADABLE,
        consents=None,
        features=None,
        held=np.full(len(situation.customer.held), np.nan, dtype=np.float32),
        birth_date=None,
        is_stale=False,
        degraded_reasons=(),
        profile=Profile(time_zone=situation.customer.profile.time_zone),
    )
    return replace(situation, customer=nobody)


def _random_catalogue(draw: st.DrawFn) -> Catalogue:
    catalogue, count = toy_catalogue(), len(OFFERS)

    def column(choices: Sequence[float]) -> np.ndarray:
        """One number of the choices per offer, drawn as one integer: that is five times as fast."""
        drawn = draw(st.integers(0, len(choices) ** count - 1))
        places = [drawn // len(choices) ** row % len(choices) for row in range(count)]
        return np.array(choices)[places]

    def mask() -> np.ndarray:
        return column((0.0, 1.0)) > 0

    def instants(unbounded: float) -> np.ndarray:
        return AS_OF.timestamp() + column((unbounded, -1e6, -1.0, 0.0, 1.0, 1e6))

    lanes = list(Lane)
    return replace(
        catalogue,
        killed=mask(),
        repeatable=mask(),
        lanes=tuple(lanes[int(place)] for place in column((0.0, 1.0, 2.0))),
        risk_rating=column((np.nan, 1.0, 3.0, 5.0)),
        advice_only=mask(),
        investor_classes={name: mask() for name in catalogue.investor_classes},
        open_to_vulnerable=mask(),
        minimum_age=column((np.nan, 14.0, 18.0, 60.0)),
        valid_from=instants(-np.inf),
        valid_until=instants(np.inf),
        extra_purposes={Purpose.THIRD_PARTY: mask()},
        in_channel={name: mask() for name in catalogue.in_channel},
        in_placement={name: mask() for name in catalogue.in_placement},
    )


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Any toy catalogue, any customer, either channel."""
    statuses = st.sampled_from([ConsentStatus.GIVEN, ConsentStatus.REFUSED])
    keys = st.sampled_from(["*/display", "sms/outbound", "*/third_party", "*/personalisation"])
    records = st.dictionaries(keys, statuses).map(ConsentRecord)
    customer = toy_customer(
        held={p: draw(st.sampled_from([0.0, 1.0, np.nan])) for p in VOCABULARY},
        birth_date=draw(st.none() | st.dates(date(1930, 1, 1), date(2020, 1, 1))),
        consents=draw(st.none() | records),
        has_features=draw(st.booleans()),
    )
    segment = draw(st.sampled_from([None, "student", "private"]))
    customer = with_profile(customer, draw(profiles()), segment=segment)
    seen = histories(now=AS_OF.timestamp(), offers=OFFERS, groups=GROUPS)
    customer = replace(customer, contacts=draw(st.none() | seen))
    channel = draw(st.sampled_from(["mobile_app", "sms", "branch"]))
    asked = {
        "mobile_app": (Placement("login_banner", 1), Placement("home_feed", draw(MANY))),
        "sms": (Placement("message", 1),),
        "branch": (Placement("advisor_desk", 3),),
    }
    placements = asked[channel]
    catalogue = _random_catalogue(draw)
    contact = draw(st.just(UNLIMITED) | contact_policies(names=(*OFFERS, *GROUPS, *PLACES)))
    catalogue = replace(catalogue, policy=replace(catalogue.policy, contact=contact))
    return toy_situation(
        customer=customer,
        catalogue=catalogue,
        channel=channel,
        placements=placements,
        intent=draw(st.none() | st.just("borrow")),
    )
