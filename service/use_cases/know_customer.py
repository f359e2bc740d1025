"""From what one read brought to what may be believed about the customer."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
from numpy.typing import NDArray

from feature_repo.contact_layout import ENTRY
from feature_repo.raw_features import RawFeatures
from service.domain.consent import NOTHING_RECORDED
from service.domain.customer import Customer, Profile, Standing
from service.domain.freshness import assess_freshness
from service.ports import CustomerRecord

EPOCH = date(1970, 1, 1).toordinal()
FIRST_DAY, LAST_DAY = date.min.toordinal() - EPOCH, date.max.toordinal() - EPOCH
ESSENTIAL_VIEW = "product_holdings"
FACTS = ("birth_day", "risk_capacity", "risk_assessed_day", "is_vulnerable")
NO_CONTACTS = np.empty(0, dtype=ENTRY)


def know_customer(
    record: CustomerRecord,
    *,
    as_of_days: float,
    product_count: int,
    views_with_data: tuple[str, ...],
) -> Customer:
    """Fails closed: an unreachable or never-loaded store, or features without state, is not
    "nothing recorded".
    """
    if not record.reachable:
        return _unreadable("state_unavailable", product_count)
    if not record.is_loaded:
        return _unreadable("state_not_loaded", product_count)
    if record.features is None:
        return _without_features(record, product_count)
    if record.consents is None:
        return _unreadable("state_missing", product_count)
    fresh = assess_freshness(record.features, as_of_days=as_of_days, expected_views=views_with_data)
    undecodable = tuple(f"view_undecodable:{view}" for view in record.undecodable_views)
    held = fresh.features.lists["held"][0]
    fits = len(held) == product_count
    birth_day, profile = _facts(fresh.features)
    usable = fits and ESSENTIAL_VIEW in fresh.usable_views
    mismatch = () if fits else ("features_of_another_vocabulary",)
    return Customer(
        standing=Standing.KNOWN,
        consents=record.consents,
        features=fresh.features if usable else None,
        held=held if fits else _unknown_holdings(product_count),
        birth_date=_date(birth_day),
        is_stale=fresh.is_stale,
        degraded_reasons=fresh.reasons + undecodable + mismatch,
        known=fresh.features,
        profile=profile,
        contacts=record.contacts,
    )


def _unreadable(reason: str, product_count: int) -> Customer:
    return Customer(
        standing=Standing.UNREADABLE,
        consents=None,
        features=None,
        held=_unknown_holdings(product_count),
        birth_date=None,
        is_stale=False,
        degraded_reasons=(reason,),
    )


def _without_features(record: CustomerRecord, product_count: int) -> Customer:
    known = record.consents is not None
    return Customer(
        standing=Standing.KNOWN if known else Standing.STRANGER,
        consents=record.consents or NOTHING_RECORDED,
        features=None,
        held=_unknown_holdings(product_count),
        birth_date=None,
        is_stale=False,
        degraded_reasons=("features_missing" if known else "customer_unknown",),
        contacts=record.contacts if record.contacts is not None or known else NO_CONTACTS,
    )


def _unknown_holdings(product_count: int) -> NDArray[np.float32]:
    return np.full(product_count, np.nan, dtype=np.float32)


def _facts(features: RawFeatures) -> tuple[float, Profile]:
    """Her day of birth, and what rules ask of her beside it."""
    birth_day, risk_capacity, risk_assessed_day, vulnerable = features.block(*FACTS)[0].tolist()
    return birth_day, Profile(
        risk_capacity=risk_capacity,
        risk_assessed_on=_date(risk_assessed_day),
        investor_class=features.categories["investor_class"][0],
        is_vulnerable=None if math.isnan(vulnerable) else vulnerable > 0,
        time_zone=features.categories["time_zone"][0],
    )


def _date(day: float) -> date | None:
    """None also for a number that is no day of the calendar."""
    return date.fromordinal(EPOCH + int(day)) if FIRST_DAY <= day <= LAST_DAY else None
