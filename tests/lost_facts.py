"""The same situation with less known: any fact, consent or history gone, each for itself.

The customer's time zone stays: without it the bank's own applies, by definition. A recorded refusal
stays too, unless the whole record becomes unreadable: nothing recorded means what the bank says.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from feature_repo.raw_features import RawFeatures
from service.domain.consent import ConsentRecord, ConsentStatus
from service.domain.customer import Customer, Profile
from service.domain.situation import Situation
from tests.worlds import VOCABULARY

PROFILE = ("risk_capacity", "risk_assessed_on", "investor_class", "is_vulnerable")
NUMBERS = ("risk_capacity", "is_vulnerable", "joined_day", "birth_day")


@st.composite
def lost(draw: st.DrawFn, situation: Situation) -> Situation:
    """The situation without any of what was known in it."""
    customer = situation.customer
    gone = st.booleans()
    less = replace(
        customer,
        consents=draw(st.sampled_from([None, draw(_fewer_permissions(customer.consents))])),
        contacts=None if draw(gone) else customer.contacts,
        birth_date=None if draw(gone) else customer.birth_date,
        held=np.where(_mask(draw, len(VOCABULARY)), np.float32(np.nan), customer.held),
        profile=_less_profile(draw, customer.profile),
        features=None if draw(gone) else customer.features,
        known=draw(_less_known(customer)),
    )
    context = {name: word for name, word in situation.ask.context.items() if draw(gone)}
    return replace(situation, customer=less, ask=replace(situation.ask, context=context))


@st.composite
def _fewer_permissions(draw: st.DrawFn, record: ConsentRecord | None) -> ConsentRecord | None:
    if record is None:
        return None
    refused = ConsentStatus.REFUSED
    return ConsentRecord(
        {
            key: status
            for key, status in record.statuses.items()
            if status is refused or draw(st.booleans())
        }
    )


def _less_profile(draw: st.DrawFn, profile: Profile) -> Profile:
    unknown = Profile()
    lost_facts = {name: getattr(unknown, name) for name in PROFILE if draw(st.booleans())}
    return replace(profile, **lost_facts)


@st.composite
def _less_known(draw: st.DrawFn, customer: Customer) -> RawFeatures | None:
    known = customer.known
    if known is None or draw(st.booleans()):
        return None
    numbers = {name: np.full(1, np.nan, np.float32) for name in NUMBERS if draw(st.booleans())}
    texts = known.categories
    if draw(st.booleans()):
        texts = texts | {"segment": np.array([None], dtype=object)}
    return replace(known, numbers=known.numbers | numbers, categories=texts)


def _mask(draw: st.DrawFn, count: int) -> np.ndarray:
    return np.array(draw(st.lists(st.booleans(), min_size=count, max_size=count)))
