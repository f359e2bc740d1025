from __future__ import annotations

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from feature_repo.errors import StateUnreadable
from feature_repo.online_layout import (
    Generation,
    consent_key,
    customer_of_consent_key,
    customer_of_key,
    decode_consents,
    decode_generation,
    decode_instant,
    decode_text,
    decode_timestamp,
    encode_consents,
    encode_generation,
    encode_instant,
    encode_text,
    feast_key,
)

CONSENTS = {"*/outbound": "given", "sms/outbound": "refused"}
customer_ids = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(customer_ids)
def test_consents_come_back_as_written(customer_id: str):
    state = encode_consents("toy", customer_id, CONSENTS)

    assert decode_consents("toy", customer_id, state) == CONSENTS


def test_the_state_of_another_customer_is_unreadable():
    state = encode_consents("toy", "anna", CONSENTS)

    with pytest.raises(StateUnreadable, match="another customer") as refused:
        decode_consents("toy", "berta", state)
    assert "anna" not in str(refused.value)
    assert "berta" not in str(refused.value)


@pytest.mark.parametrize("damage", [b"", b"\xc1", b"\x93\x01", b"\x82\xa5check\xa1x"])
def test_a_damaged_state_is_unreadable(damage: bytes):
    with pytest.raises(StateUnreadable, match="damaged"):
        decode_consents("toy", "anna", damage)


def test_a_status_nobody_defined_is_unreadable():
    state = encode_consents("toy", "anna", CONSENTS).replace(b"refused", b"perhaps")

    with pytest.raises(StateUnreadable):
        decode_consents("toy", "anna", state)


def test_the_marker_comes_back_and_names_its_bank():
    marker = Generation("20240801T000000Z", "toy", ["account", "card"], "f" * 64, "c" * 64)

    assert decode_generation("toy", encode_generation(marker)) == marker
    with pytest.raises(StateUnreadable, match="names bank toy"):
        decode_generation("other", encode_generation(marker))
    with pytest.raises(StateUnreadable, match="damaged"):
        decode_generation("toy", b"{")


@given(customer_ids, st.sampled_from(["toy", "a", "other_toy"]))
def test_a_key_gives_back_its_customer_to_its_own_bank_only(customer_id: str, bank: str):
    key = feast_key(bank, customer_id)

    assert customer_of_key(bank, key) == customer_id
    assert customer_of_key("my" + bank, key) is None
    assert customer_of_key(bank, b"x" + key) is None


@given(customer_ids, st.sampled_from(["toy", "a", "other_toy"]))
def test_a_consent_key_too_gives_its_customer_to_its_own_bank_only(customer_id: str, bank: str):
    key = consent_key(bank, customer_id).encode()

    assert customer_of_consent_key(bank, key) == customer_id
    assert customer_of_consent_key("my" + bank, key) is None


@pytest.mark.parametrize("damage", [b"\x08", b"\x08\x80", b"\x0a\x01", b"\x18\x01", b"\xff" * 12])
def test_bytes_that_are_no_timestamp_are_refused(damage: bytes):
    with pytest.raises(ValueError, match="not"):
        decode_timestamp(damage)


@pytest.mark.parametrize("damage", [b"\x0a\x01a", b"\x12\x05a", b"\x12\x01ab", b"\x12\x01\xff"])
def test_bytes_that_are_no_text_are_refused(damage: bytes):
    with pytest.raises(ValueError):  # noqa: PT011  UnicodeDecodeError is one too
        decode_text(damage)


@given(st.integers(-(10**15), 10**16))
def test_an_instant_is_encoded_as_a_timestamp_and_comes_back(microseconds: int):
    timestamp = Timestamp()
    timestamp.FromMicroseconds(microseconds)

    assert encode_instant(microseconds) == timestamp.SerializeToString()
    assert decode_instant(encode_instant(microseconds)) == microseconds * 1_000
    days = decode_timestamp(encode_instant(microseconds))
    assert days == pytest.approx(microseconds / 86_400e6, abs=1e-10)


@pytest.mark.parametrize("damage", [b"\xff", b"\x08", b"\x1a\x00", b"\x08\x80"])
def test_what_is_no_timestamp_is_no_instant(damage: bytes):
    with pytest.raises(ValueError, match="not"):
        decode_instant(damage)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_text_comes_back_as_encoded(text: str):
    assert decode_text(encode_text(text)) == text
