from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from feature_repo.contract import CHANNELS, FEATURES, TRANSACTION_CATEGORIES, WEEKS, Kind
from feature_repo.raw_features import RawFeatures
from feature_repo.transforms import (
    CATEGORY_FEATURES,
    PRODUCT_CODE,
    ColumnLayout,
    candidate_matrix,
    customer_columns,
    design_matrix,
    product_columns,
)
from tests.toy_features import random_features, unknown_features

VOCABULARY = ("account", "card", "fund")
LAYOUT = ColumnLayout(VOCABULARY, dict.fromkeys(CATEGORY_FEATURES, ("a", "b")))


def day(iso: str) -> int:
    return (date.fromisoformat(iso) - date(1970, 1, 1)).days


TODAY = day("2024-03-28")
AS_OF = np.array([TODAY + 0.4])


def customer_at(raw: RawFeatures, as_of: np.ndarray = AS_OF) -> dict[str, float]:
    return dict(zip(LAYOUT.customer_names, customer_columns(raw, as_of, LAYOUT)[0], strict=True))


def product_at(raw: RawFeatures, product: str) -> dict[str, float]:
    block = product_columns(raw, AS_OF, LAYOUT)[0, VOCABULARY.index(product)]
    return dict(zip(LAYOUT.product_names, block, strict=True))


def test_of_an_unknown_customer_every_column_is_unknown():
    raw = unknown_features(2, len(VOCABULARY))
    as_of = np.repeat(AS_OF, 2)

    assert np.isnan(customer_columns(raw, as_of, LAYOUT)).all()
    assert np.isnan(product_columns(raw, as_of, LAYOUT)).all()


def test_names_are_unique_and_as_many_as_columns():
    raw = unknown_features(1, len(VOCABULARY))

    assert len(set(LAYOUT.names)) == len(LAYOUT.names)
    assert customer_columns(raw, AS_OF, LAYOUT).shape == (1, len(LAYOUT.customer_names))
    assert product_columns(raw, AS_OF, LAYOUT).shape == (1, 3, len(LAYOUT.product_names))


def test_categories_and_the_product_are_the_categorical_columns():
    assert {LAYOUT.names[i] for i in LAYOUT.categorical} == {*CATEGORY_FEATURES, PRODUCT_CODE}


def test_age_and_tenure_are_counted_at_the_day_of_the_decision():
    raw = unknown_features(1, len(VOCABULARY))
    raw.numbers["birth_day"][:] = day("1984-03-29")
    raw.numbers["joined_day"][:] = day("2023-03-28")

    columns = customer_at(raw)
    assert columns["age_years"] == 39
    assert columns["tenure_months"] == 12
    assert customer_at(raw, AS_OF + 2)["age_years"] == 40


@pytest.mark.parametrize(
    ("added", "months"),
    [
        ("2024-03-28", 0),
        ("2024-02-28", 1),
        ("2024-01-28", 2),
        ("2023-12-28", 3),
        ("2023-09-28", 6),
        ("2023-03-28", 12),
    ],
)
def test_snapshots_a_month_apart_are_one_month_apart_in_every_season(added: str, months: int):
    raw = unknown_features(1, len(VOCABULARY))
    raw.event_days["product_holdings"][:] = TODAY + 0.99
    raw.lists["added_day"][0, 1] = day(added)

    assert product_at(raw, "card")["months_since_added"] == months
    assert customer_at(raw)["months_since_added_card"] == months
    assert customer_at(raw)["months_since_any_added"] == months


def test_a_month_that_ends_in_february_is_a_month():
    raw = unknown_features(1, len(VOCABULARY))
    raw.lists["added_day"][0, 0] = day("2023-01-31")
    raw.event_days["product_holdings"][:] = day("2023-02-28") + 0.99

    assert customer_at(raw)["months_since_added_account"] == 1


def test_known_holdings_are_counted_and_unknown_ones_are_not():
    raw = unknown_features(1, len(VOCABULARY))
    raw.lists["held"][0] = (1.0, np.nan, 0.0)

    columns = customer_at(raw)
    assert columns["held_count"] == 1
    assert columns["held_account"] == 1
    assert np.isnan(columns["held_card"])


def test_a_level_the_model_does_not_know_is_unknown():
    raw = unknown_features(1, len(VOCABULARY))
    raw.categories["region"][0] = "b"
    raw.categories["segment"][0] = "unheard of"

    columns = customer_at(raw)
    assert columns["region"] == 1
    assert np.isnan(columns["segment"])


@pytest.mark.parametrize("weeks_later", [0, 1, 4, 13])
def test_a_window_ends_with_the_newest_week_known(weeks_later: int):
    raw = unknown_features(1, len(VOCABULARY))
    raw.numbers["event_week"][:] = TODAY // 7 - weeks_later
    raw.lists["events_by_week"][0] = np.arange(1, WEEKS + 1)

    columns = customer_at(raw)
    assert columns["events_4w"] == 10 + 11 + 12 + 13
    assert columns["events_13w"] == 91


PASSING = ("age_years", "tenure_months", "days_since_")
"""Columns in which time passes between two loads; all others stay what training saw."""


@pytest.mark.parametrize("days_later", [7, 14, 28, 45])
def test_between_two_loads_only_age_tenure_and_days_since_a_fact_move(days_later: int):
    raw = random_features(40, len(VOCABULARY), day=TODAY)
    fresh, later = np.full(40, TODAY + 0.9), np.full(40, TODAY + 0.9 + days_later)
    moved = {
        name
        for transform, names in (
            (customer_columns, LAYOUT.customer_names),
            (product_columns, LAYOUT.product_names),
        )
        for column, name in enumerate(names)
        if not np.array_equal(
            transform(raw, fresh, LAYOUT)[..., column],
            transform(raw, later, LAYOUT)[..., column],
            equal_nan=True,
        )
    }

    assert "days_since_viewed" in moved
    assert {name for name in moved if not name.startswith(PASSING)} == set()


@pytest.mark.parametrize("days_later", [0, 1, 28, 45])
def test_months_since_a_change_are_counted_at_the_newest_snapshot(days_later: int):
    raw = unknown_features(1, len(VOCABULARY))
    raw.event_days["product_holdings"][:] = TODAY + 0.99
    raw.lists["dropped_day"][0, 2] = day("2024-01-28")

    assert customer_at(raw, AS_OF + days_later)["months_since_dropped_fund"] == 2


def test_amounts_are_summed_under_their_own_category():
    raw = unknown_features(1, len(VOCABULARY))
    weekly = np.zeros((len(TRANSACTION_CATEGORIES), WEEKS), dtype=np.float32)
    weekly[TRANSACTION_CATEGORIES.index("rent"), [0, -1]] = 100, 7
    raw.lists["amount_by_category_week"][0] = weekly.reshape(-1)

    columns = customer_at(raw)
    assert (columns["amount_rent_4w"], columns["amount_rent_13w"]) == (7, 107)
    assert columns["amount_salary_13w"] == 0


def test_days_are_counted_per_channel_and_product():
    raw = unknown_features(1, len(VOCABULARY))
    raw.lists["event_day_by_channel"][0, CHANNELS.index("branch")] = TODAY - 5
    raw.lists["viewed_day"][0, 2] = TODAY - 1

    assert customer_at(raw)["days_since_event_branch"] == 5
    assert product_at(raw, "fund")["days_since_viewed"] == 1
    assert np.isnan(product_at(raw, "card")["days_since_viewed"])


def test_one_customer_gets_the_same_columns_as_among_many_to_the_bit():
    many = random_features(50, len(VOCABULARY), day=TODAY)
    as_of = TODAY + np.arange(50) / 3.0
    customers, products = (f(many, as_of, LAYOUT) for f in (customer_columns, product_columns))

    for row in range(many.count):
        one = _only(many, row)
        assert (
            customer_columns(one, as_of[row : row + 1], LAYOUT).tobytes()
            == customers[row].tobytes()
        )
        assert (
            product_columns(one, as_of[row : row + 1], LAYOUT).tobytes() == products[row].tobytes()
        )


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_only_what_the_contract_lets_a_model_see_moves_a_column(feature):
    before = random_features(20, len(VOCABULARY), day=TODAY)
    after = random_features(20, len(VOCABULARY), day=TODAY)
    if feature.kind is Kind.CATEGORY:
        after.categories[feature.name][:] = "b"
    else:
        columns = after.numbers if feature.kind is Kind.NUMBER else after.lists
        columns[feature.name] -= 50.0
    as_of = np.full(20, TODAY + 0.4)

    moved = any(
        transform(before, as_of, LAYOUT).tobytes() != transform(after, as_of, LAYOUT).tobytes()
        for transform in (customer_columns, product_columns)
    )
    assert moved == feature.model_input


def test_nothing_protected_is_a_model_input():
    assert not [f.name for f in FEATURES if f.protected and f.model_input]


def test_a_design_row_is_customer_then_product_code_then_product():
    raw = random_features(3, len(VOCABULARY), day=TODAY)
    as_of = np.repeat(AS_OF, 3)
    customer, product = customer_columns(raw, as_of, LAYOUT), product_columns(raw, as_of, LAYOUT)

    matrix = design_matrix(customer, product, np.array([2, 0]), np.array([1, 2]))

    assert matrix.shape == (2, len(LAYOUT.names))
    expected = np.concatenate([customer[2], [1.0], product[2, 1]]).astype(np.float32)
    assert matrix[0].tobytes() == expected.tobytes()


def test_features_of_another_vocabulary_are_refused():
    with pytest.raises(ValueError, match="nbo features materialize"):
        product_columns(unknown_features(1, 2), AS_OF, LAYOUT)


def _only(raw: RawFeatures, row: int) -> RawFeatures:
    def part(columns):
        return {name: values[row : row + 1] for name, values in columns.items()}

    return RawFeatures(
        part(raw.numbers), part(raw.categories), part(raw.lists), part(raw.event_days)
    )


def test_one_customer_s_candidates_are_the_rows_training_makes() -> None:
    rng = np.random.default_rng(3)
    customer = rng.random((1, 5), dtype=np.float32)
    product = rng.random((1, 4, 3), dtype=np.float32)
    codes = np.array([2, 0, 2, 3])
    trained = design_matrix(customer, product, np.zeros(len(codes), dtype=np.intp), codes)
    assert candidate_matrix(customer, product, codes).tobytes() == trained.tobytes()
