"""What `nbo features show` tells a person about one customer."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import numpy as np
import pytest

from feature_repo.column_views import GROUPS, view_of_column
from feature_repo.contract import FEATURES, VIEWS, Kind, list_length
from feature_repo.raw_features import RawFeatures
from feature_repo.transforms import ColumnLayout
from nbo.feature_tables import show_features
from nbo.feature_values import in_columns, number
from nbo.stored_features import never_loaded
from tests.toy_bank import identity
from training.features.show import describe

LAYOUT = ColumnLayout(("account", "card", "fund"), {"region": ("north", "south")})
AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
TODAY = 20_635.0


def customer() -> RawFeatures:
    """Everything unknown but what the tests look for."""
    raw = RawFeatures(
        numbers={f.name: np.full(1, np.nan, np.float32) for f in FEATURES if f.kind is Kind.NUMBER},
        categories={
            f.name: np.array([None], dtype=object) for f in FEATURES if f.kind is Kind.CATEGORY
        },
        lists={
            f.name: np.full((1, list_length(f.kind, 3)), np.nan, dtype=np.float32)
            for f in FEATURES
            if f.kind not in {Kind.NUMBER, Kind.CATEGORY}
        },
        event_days={view.name: np.full(1, TODAY) for view in VIEWS},
    )
    raw.numbers["income_monthly"][0] = 2_500.0
    raw.numbers["is_active"][0] = 0.0
    raw.numbers["snapshot_day"][0] = TODAY - 1
    raw.categories["region"][0] = "north"
    raw.categories["gender"][0] = "female"
    raw.lists["held"][0] = (1.0, 0.0, np.nan)
    raw.lists["viewed_day"][0, 1] = TODAY - 12
    raw.lists["viewed_count"][0, 1] = 3.0
    raw.lists["popularity"][0] = 0.0123
    return raw


@pytest.fixture
def text(capsys: pytest.CaptureFixture[str]) -> str:
    raw = customer()
    raw.event_days["contact_history"][0] = np.nan
    raw.event_days["customer_engagement"][0] = TODAY - 60
    raw.event_days["customer_transactions"][0] = TODAY - 300
    shown = {"freshness": {"degraded_reasons": ["stale_features"], "never_loaded": []}}
    show_features(shown | describe(raw, raw, AS_OF, LAYOUT), "C1")
    return capsys.readouterr().out


def row(text: str, first: str) -> list[str]:
    found = [line for line in text.splitlines() if line.startswith("│") and f"│ {first} " in line]
    return [cell.strip() for cell in found[0].split("│")[1:-1]]


@pytest.mark.parametrize(
    ("view", "state"),
    [
        ("customer_profile", "fresh"),
        ("customer_engagement", "stale"),
        ("customer_transactions", "too old: unknown to the model"),
        ("contact_history", "never loaded"),
    ],
)
def test_every_view_shows_its_age_and_what_follows(text: str, view: str, state: str) -> None:
    assert row(text, view)[-1] == state


def test_why_an_answer_would_be_degraded_is_said_first(text: str) -> None:
    assert text.splitlines()[:2] == ["customer C1", "degraded: stale_features"]


@pytest.mark.parametrize(
    ("reasons", "missing", "said"),
    [
        ([], [], "nothing is degraded"),
        (
            [],
            ["contact_history", "customer_engagement"],
            "nothing is degraded, but never loaded, though the bank has the data: %s",
        ),
        (
            ["view_stale:customer_profile"],
            ["contact_history"],
            "degraded: view_stale:customer_profile; never loaded, though the bank has the data: %s",
        ),
        (["view_missing:contact_history"], ["contact_history"], "degraded: view_missing:%s"),
    ],
)
def test_the_headline_names_what_was_never_loaded(
    reasons: list[str], missing: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    freshness = {"freshness": {"degraded_reasons": reasons, "never_loaded": missing}}
    show_features(freshness | describe(customer(), customer(), AS_OF, LAYOUT), "C1")
    assert capsys.readouterr().out.splitlines()[1] == said.replace("%s", ", ".join(missing))


def test_only_views_whose_table_the_bank_has_count_as_never_loaded() -> None:
    raw = customer()
    for view in ("contact_history", "customer_engagement"):
        raw.event_days[view][0] = np.nan
    bank = msgspec.structs.replace(identity(), row_counts={"contacts": 5, "transactions": 9})
    assert never_loaded(raw, bank) == ["contact_history"]


def test_categories_stand_with_the_level_their_code_means(text: str) -> None:
    assert "north (code 0)" in text


def test_a_profile_shows_its_zeros_and_other_views_count_them(text: str) -> None:
    words = " ".join(text.split())
    assert "income_monthly 2,500" in words
    assert "is_active 0" in words
    assert "held_card" not in text


def test_every_product_is_one_line(text: str) -> None:
    assert row(text, "account")[1][0] == "■"
    card = row(text, "card")
    assert card[1][0] == "□"
    assert card[4] == "12 d ×3"
    assert card[10] == "1.23 %"
    assert row(text, "fund")[1][0] == "?"


def test_what_is_stored_and_never_shown_to_the_model_stands_apart(text: str) -> None:
    apart = text[text.index("never shown to the model") :]
    assert "female" in apart
    assert "2026-06-30" in apart
    assert "female" not in text[: text.index("never shown to the model")]


@pytest.mark.parametrize("name", LAYOUT.names)
def test_every_model_column_belongs_to_a_view(name: str) -> None:
    assert view_of_column(name) in GROUPS


def test_a_column_of_no_view_is_not_passed_over() -> None:
    with pytest.raises(KeyError, match="shoe_size belongs to no view"):
        view_of_column("shoe_size")


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "–"), (6_663.0, "6,663"), (84_835.898, "84,835.9"), (0.0123, "0.0123")],
)
def test_numbers_are_as_short_as_they_stay_true(value: float | None, shown: str) -> None:
    assert number(value) == shown


def test_pairs_run_down_before_they_run_across() -> None:
    lines = list(in_columns({f"column_{n:02d}": str(n) for n in range(20)}))
    assert lines[0].split()[:2] == ["column_00", "0"]
    assert lines[1].split()[:2] == ["column_01", "1"]
    assert max(map(len, lines)) <= 110
