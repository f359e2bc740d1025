"""A view written by a wrong clock would be fresh for ever: it is not believed, and said so."""

from __future__ import annotations

import pytest

from service.domain.consent import NOTHING_RECORDED
from service.domain.customer import Customer
from service.ports import CustomerRecord
from service.use_cases.know_customer import know_customer
from tests.worlds import AS_OF, VOCABULARY, unknown_features

TODAY = AS_OF.timestamp() / 86_400.0


def known(days_ahead: float, view: str = "product_holdings") -> Customer:
    """What is known of a customer one of whose views is dated so many days from now."""
    features = unknown_features()
    features.event_days["product_holdings"][0] = TODAY - 1
    features.event_days[view][0] = TODAY + days_ahead
    features.lists["held"][0] = 0.0
    record = CustomerRecord(True, True, features, NOTHING_RECORDED)
    return know_customer(
        record, as_of_days=TODAY, product_count=len(VOCABULARY), views_with_data=()
    )


def test_holdings_of_the_future_are_unknown_and_so_is_what_she_may_be_offered() -> None:
    customer = known(days_ahead=400)
    assert customer.features is None
    assert all(held != held for held in customer.held)  # unknown, which denies
    assert customer.degraded_reasons == ("view_future_dated:product_holdings",)


def test_another_view_of_the_future_is_blanked_and_the_rest_is_used() -> None:
    customer = known(days_ahead=2, view="customer_profile")
    assert customer.features is not None
    assert customer.degraded_reasons == ("view_future_dated:customer_profile",)
    assert customer.features.event_days["customer_profile"][0] != TODAY + 2


@pytest.mark.parametrize("days_ahead", [0.0, 0.5])
def test_a_day_that_ends_later_at_the_bank_is_no_future(days_ahead: float) -> None:
    assert known(days_ahead).degraded_reasons == ()
