"""What may be believed of a read: emptiness is not innocence, and age decides a feature's worth."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from feature_repo.contract import VIEWS
from feature_repo.raw_features import RawFeatures
from service.domain.consent import NOTHING_RECORDED
from service.domain.customer import Customer, Standing
from service.ports import CustomerRecord
from service.use_cases.know_customer import know_customer
from tests.worlds import AS_OF, VOCABULARY, unknown_features

TODAY = AS_OF.timestamp() / 86_400.0
HOLDINGS = next(view for view in VIEWS if view.name == "product_holdings")


def written_days_ago(days: float, view: str = "product_holdings") -> RawFeatures:
    """Features of somebody born 1990-05-01 who holds only the card."""
    features = unknown_features()
    features.event_days[view][0] = TODAY - days
    features.lists["held"][0] = [0.0, 1.0, 0.0, 0.0]
    features.numbers["birth_day"][0] = (date(1990, 5, 1) - date(1970, 1, 1)).days
    return features


READ = CustomerRecord(
    reachable=True, is_loaded=True, features=written_days_ago(1), consents=NOTHING_RECORDED
)


def known(record: CustomerRecord) -> Customer:
    """The customer of a record, at the toy instant."""
    return know_customer(
        record,
        as_of_days=TODAY,
        product_count=len(VOCABULARY),
        views_with_data=("product_holdings",),
    )


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (replace(READ, reachable=False), "state_unavailable"),
        (replace(READ, is_loaded=False), "state_not_loaded"),
        (replace(READ, is_loaded=False, features=None, consents=None), "state_not_loaded"),
        (replace(READ, consents=None), "state_missing"),
    ],
)
def test_an_empty_or_unreadable_store_is_unknown_and_not_innocent(
    record: CustomerRecord, reason: str
) -> None:
    customer = known(record)
    assert customer.standing is Standing.UNREADABLE
    assert customer.consents is None
    assert customer.features is None
    assert np.isnan(customer.held).all()
    assert customer.degraded_reasons == (reason,)


def test_a_customer_nobody_loaded_is_a_stranger_with_nothing_recorded() -> None:
    customer = known(replace(READ, features=None, consents=None))
    assert customer.standing is Standing.STRANGER
    assert customer.consents is NOTHING_RECORDED
    assert customer.birth_date is None


def test_fresh_features_become_facts() -> None:
    customer = known(READ)
    assert customer.held.tolist() == [0.0, 1.0, 0.0, 0.0]
    assert customer.birth_date == date(1990, 5, 1)
    assert not customer.is_stale
    assert not customer.degraded_reasons


def test_a_view_past_its_max_age_is_stale_and_still_used() -> None:
    customer = known(replace(READ, features=written_days_ago(HOLDINGS.max_age_days + 1)))
    assert customer.is_stale
    assert customer.features is not None
    assert customer.held[1] == 1.0
    assert customer.degraded_reasons == ("view_stale:product_holdings",)


def test_holdings_past_their_hard_age_are_unknown_and_the_model_is_not_asked() -> None:
    customer = known(replace(READ, features=written_days_ago(HOLDINGS.hard_age_days + 1)))
    assert customer.features is None
    assert np.isnan(customer.held).all()
    assert customer.degraded_reasons == ("view_expired:product_holdings",)


def test_another_view_past_its_hard_age_is_blanked_and_the_rest_is_used() -> None:
    features = written_days_ago(1_000, view="customer_profile")
    customer = known(replace(READ, features=features))
    assert customer.birth_date is None
    assert customer.features is not None
    assert np.isnan(customer.features.numbers["birth_day"]).all()
    assert customer.held[1] == 1.0
    assert not np.isnan(features.numbers["birth_day"]).any()


def test_holdings_of_another_vocabulary_are_unknown() -> None:
    customer = know_customer(READ, as_of_days=TODAY, product_count=7, views_with_data=())
    assert len(customer.held) == 7
    assert np.isnan(customer.held).all()
    assert customer.features is None


@pytest.mark.parametrize("day", [np.inf, -np.inf, np.nan, 1e9, -1e9, 2_932_897.0, 3.4e38])
def test_a_birth_day_outside_the_calendar_is_unknown(day: float) -> None:
    features = written_days_ago(1)
    features.numbers["birth_day"][0] = day
    assert known(replace(READ, features=features)).birth_date is None
