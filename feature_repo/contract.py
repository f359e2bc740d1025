"""The ordered feature list every bank shares: what is stored, decoded, and shown to a model."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace

from feature_repo.feature import (
    CHANNELS,
    FIXED_LENGTHS,
    TRANSACTION_CATEGORIES,
    WEEKS,
    Feature,
    Kind,
    View,
    list_length,
)

__all__ = [
    "CHANNELS",
    "FEATURES",
    "FIXED_LENGTHS",
    "TRANSACTION_CATEGORIES",
    "VIEWS",
    "WEEKS",
    "Feature",
    "Kind",
    "View",
    "contract_digest",
    "contract_document",
    "features_of",
    "list_length",
]

VIEWS = (
    View("customer_profile", "customers", "customer data", 45, 200),
    View("product_holdings", "holdings", "core banking", 45, 200),
    View("customer_transactions", "transactions", "payments", 45, 200),
    View("customer_engagement", "events", "digital", 45, 200),
    View("contact_history", "contacts", "marketing", 45, 200),
    View("product_affinity", "holdings", "data science", 45, 200),
)


def _profile() -> tuple[Feature, ...]:
    def profile(name: str, kind: Kind, meaning: str, **flags: bool | str) -> Feature:
        return Feature(name, "customer_profile", kind, meaning, **flags)  # type: ignore[arg-type]

    number, category = Kind.NUMBER, Kind.CATEGORY
    return (
        profile("birth_day", number, "day of birth", reason_code="LIFE_STAGE"),
        profile("joined_day", number, "day the customer joined", reason_code="LOYAL_CUSTOMER"),
        profile("income_monthly", number, "income per month", reason_code="INCOME"),
        profile("is_active", number, "1 when active"),
        profile("is_employee", number, "1 when employed by the bank"),
        profile("is_vulnerable", number, "1 when vulnerable", protected=True, model_input=False),
        profile("risk_capacity", number, "assessed capacity for loss, 1 to 5"),
        profile("risk_assessed_day", number, "day of the risk assessment", model_input=False),
        profile("gender", category, "as recorded", protected=True, model_input=False),
        profile("nationality", category, "as recorded", protected=True, model_input=False),
        profile("region", category, "region of residence"),
        profile("segment", category, "the bank's own segment", reason_code="SEGMENT"),
        profile("acquisition_channel", category, "how the customer joined"),
        profile("investor_class", category, "retail, professional, institutional"),
        profile("preferred_channel", category, "channel the customer prefers"),
        profile("time_zone", category, "IANA zone", model_input=False),
    )


def _holdings() -> tuple[Feature, ...]:
    def holding(name: str, kind: Kind, meaning: str, reason: str | None = None) -> Feature:
        return Feature(name, "product_holdings", kind, meaning, reason_code=reason)

    product = Kind.PER_PRODUCT
    return (
        Feature(
            "snapshot_day",
            "product_holdings",
            Kind.NUMBER,
            "day of the newest snapshot",
            model_input=False,
        ),
        holding("snapshots_seen", Kind.NUMBER, "snapshots known so far"),
        holding("held", product, "1 held, 0 not held, NaN unknown", "HOLDS_RELATED"),
        holding("held_lag1", product, "the same one month earlier", "HELD_BEFORE"),
        holding("held_lag2", product, "the same two months earlier", "HELD_BEFORE"),
        holding("held_lag3", product, "the same three months earlier", "HELD_BEFORE"),
        holding("added_day", product, "snapshot day of the last addition", "RECENTLY_ADDED"),
        holding("dropped_day", product, "snapshot day of the last drop", "HELD_BEFORE"),
        holding("added_count", product, "additions seen so far", "HELD_BEFORE"),
        holding("ever_held", product, "1 when held in any snapshot seen", "HELD_BEFORE"),
    )


def _newest_week(name: str, view: str) -> Feature:
    meaning = "week index of the newest bucket"
    return Feature(name, view, Kind.NUMBER, meaning, model_input=False)


def _transactions() -> tuple[Feature, ...]:
    def transaction(name: str, kind: Kind, meaning: str, reason: str | None = None) -> Feature:
        return Feature(name, "customer_transactions", kind, meaning, reason_code=reason)

    return (
        _newest_week("transaction_week", "customer_transactions"),
        transaction("inflow_by_week", Kind.PER_WEEK, "money in, currency units", "CASH_INFLOW"),
        transaction("outflow_by_week", Kind.PER_WEEK, "money out, positive", "SPENDING"),
        transaction("transactions_by_week", Kind.PER_WEEK, "number of transactions", "ACTIVITY"),
        transaction(
            "amount_by_category_week",
            Kind.PER_CATEGORY_AND_WEEK,
            "absolute amount, category-major",
            "SPENDING",
        ),
        transaction("category_first_day", Kind.PER_CATEGORY, "first day seen", "LIFE_EVENT"),
        transaction("category_last_day", Kind.PER_CATEGORY, "last day seen", "LIFE_EVENT"),
        transaction(
            "large_inflow_day",
            Kind.NUMBER,
            "last day one inflow exceeded three usual months",
            "LARGE_INFLOW",
        ),
        transaction("large_inflow_amount", Kind.NUMBER, "its amount", "LARGE_INFLOW"),
    )


def _engagement() -> tuple[Feature, ...]:
    def engagement(name: str, kind: Kind, meaning: str, reason: str | None = None) -> Feature:
        return Feature(name, "customer_engagement", kind, meaning, reason_code=reason)

    product, channel = Kind.PER_PRODUCT, Kind.PER_CHANNEL
    return (
        _newest_week("event_week", "customer_engagement"),
        engagement("events_by_week", Kind.PER_WEEK, "number of events", "ACTIVITY"),
        engagement("events_by_channel", channel, "events so far, per channel", "ACTIVITY"),
        engagement("event_day_by_channel", channel, "last day seen, per channel", "ACTIVITY"),
        engagement("viewed_day", product, "last day the product was viewed", "VIEWED_PRODUCT"),
        engagement("viewed_count", product, "views so far", "VIEWED_PRODUCT"),
        engagement("enquired_day", product, "last day of an enquiry", "ENQUIRED"),
    )


def _contacts() -> tuple[Feature, ...]:
    def contact(name: str, kind: Kind, meaning: str) -> Feature:
        return Feature(name, "contact_history", kind, meaning, reason_code="PAST_RESPONSE")

    product = Kind.PER_PRODUCT
    return (
        _newest_week("contact_week", "contact_history"),
        contact("offers_by_week", Kind.PER_WEEK, "offers shown"),
        contact("offers_by_channel", Kind.PER_CHANNEL, "offers shown so far, per channel"),
        contact("shown_day", product, "last day the product was offered"),
        contact("shown_count", product, "times offered so far"),
        contact("accepted_day", product, "last day an offer of it was accepted"),
        contact("rejected_day", product, "last day an offer of it was rejected"),
    )


def _affinity() -> tuple[Feature, ...]:
    def affinity(name: str, meaning: str, reason: str, *, personal: bool = True) -> Feature:
        return Feature(
            name,
            "product_affinity",
            Kind.PER_PRODUCT,
            meaning,
            personal=personal,
            reason_code=reason,
        )

    return (
        affinity("affinity", "collaborative-filtering score (ALS)", "SIMILAR_CUSTOMERS"),
        affinity("popularity", "recent additions per customer", "POPULAR", personal=False),
        affinity("transition", "chance of addition after the last product added", "NEXT_STEP"),
    )


DISCLOSED_TO_CUSTOMERS = frozenset(
    {
        "LOYAL_CUSTOMER", "HOLDS_RELATED", "RECENTLY_ADDED", "ACTIVITY", "VIEWED_PRODUCT",
        "ENQUIRED", "SIMILAR_CUSTOMERS", "POPULAR", "NEXT_STEP",
    }
)  # fmt: skip
"""Reasons a customer may read herself; the others are for agents: they tell what the bank infers
from her money and her life.
"""


def _disclosed(feature: Feature) -> Feature:
    if feature.reason_code is None or feature.protected:
        return feature
    to_customer = feature.reason_code in DISCLOSED_TO_CUSTOMERS
    return replace(feature, disclosed_to="customer" if to_customer else "agent")


FEATURES = tuple(
    _disclosed(feature)
    for feature in (
        *_profile(),
        *_holdings(),
        *_transactions(),
        *_engagement(),
        *_contacts(),
        *_affinity(),
    )
)


def features_of(view: str) -> tuple[Feature, ...]:
    """The features of one view, in contract order."""
    return tuple(feature for feature in FEATURES if feature.view == view)


def contract_document() -> dict[str, object]:
    """The whole contract as plain JSON values, as bundles carry it."""
    return {
        "channels": CHANNELS,
        "transaction_categories": TRANSACTION_CATEGORIES,
        "weeks": WEEKS,
        "views": [asdict(view) for view in VIEWS],
        "features": [asdict(feature) for feature in FEATURES],
    }


def contract_digest() -> str:
    """SHA-256 of the contract: the service refuses a bundle trained under another one."""
    canonical = json.dumps(contract_document(), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
