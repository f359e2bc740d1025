"""Tokens can be read by their signer and altered by nobody; ids sort by time."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.adapters.tracking_key import tracking_key
from service.api.tracking_tokens import TrackingTokens
from service.domain.ulid import ALPHABET, LENGTH, new_ulid

TOKENS = TrackingTokens(b"one key")
DECISION = "01JBQ5W3ZK8V6M2T4X9C7D1E0F"


def test_a_token_names_its_decision_and_offer() -> None:
    token = TOKENS.issue(DECISION, "get_card")
    assert TOKENS.read(token) == (DECISION, "get_card")
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_a_token_of_another_installation_is_refused() -> None:
    assert TrackingTokens(b"another key").read(TOKENS.issue(DECISION, "get_card")) is None


@pytest.mark.parametrize("place", range(0, 60, 7))
def test_a_token_with_one_character_changed_is_refused(place: int) -> None:
    token = TOKENS.issue(DECISION, "get_card")
    other = "A" if token[place] != "A" else "B"
    assert TOKENS.read(token[:place] + other + token[place + 1 :]) is None


@given(st.text(max_size=80))
def test_any_other_text_is_refused_without_an_error(text: str) -> None:
    assert TOKENS.read(text) is None


def test_the_key_of_a_home_is_made_once_and_is_its_owners_only(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    first = tracking_key(folder)
    assert tracking_key(folder) == first
    assert len(first) == 32
    assert [path.name for path in folder.iterdir()] == ["tracking.key"]
    assert stat.S_IMODE((folder / "tracking.key").stat().st_mode) == 0o600


def test_ids_sort_by_time_and_never_repeat() -> None:
    start = datetime(2030, 1, 1, tzinfo=UTC)
    ids = [new_ulid(start + timedelta(milliseconds=step)) for step in range(100)]
    assert ids == sorted(ids)
    assert len({new_ulid(start) for _ in range(1000)}) == 1000
    assert all(len(one) == LENGTH and set(one) <= set(ALPHABET) for one in ids)
