"""How online values lie in Redis: Feast's own hash layout, consent state, generation marker."""

from __future__ import annotations

import hashlib
import struct
from functools import lru_cache
from typing import Literal

import mmh3
import msgspec

from feature_repo.errors import StateUnreadable

JOIN_KEY = "customer_id"
_STRING_TYPE = 2
_SECONDS_PER_DAY = 86_400.0
_JOIN_KEY_BYTES = JOIN_KEY.encode()
KEY_PREFIX = struct.pack("<III", 1, _STRING_TYPE, len(_JOIN_KEY_BYTES)) + _JOIN_KEY_BYTES
"""How every Feast key of the customer entity begins (entity key serialization version 3)."""

_STRING_TAG = b"\x12"
_FLOAT_LIST_TAG = b"\x82\x01"
_PACKED_TAG = b"\x0a"
FLOAT_HEADER = b"\x35"
"""The byte before the four (little endian) in a `Value` that holds one float."""

ConsentPurpose = Literal["display", "outbound", "personalisation", "third_party"]
ConsentStatus = Literal["given", "refused", "unreadable"]


class ConsentState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one customer's state key holds; `check` proves that it is hers."""

    check: str
    consents: dict[str, ConsentStatus]


class Generation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The marker a load writes last; without it nothing in the store may be believed.

    It names the bank's data by `fingerprint` and the features made of them by `contract` digest.
    """

    generation: str
    bank: str
    product_vocabulary: list[str]
    fingerprint: str
    contract: str


def project_name(bank: str) -> str:
    """The Feast project of a bank."""
    return f"nbo_{bank}"


def feast_key(bank: str, customer_id: str) -> bytes:
    """The Redis key of a customer's Feast hash."""
    encoded = customer_id.encode()
    value = struct.pack("<II", _STRING_TYPE, len(encoded)) + encoded
    return KEY_PREFIX + value + project_name(bank).encode()


def customer_of_key(bank: str, key: bytes) -> str | None:
    """The customer a Feast key belongs to; None when it is no customer key of exactly this bank."""
    start = len(KEY_PREFIX) + 8
    if not key.startswith(KEY_PREFIX) or len(key) < start:
        return None
    value_type, length = struct.unpack_from("<II", key, len(KEY_PREFIX))
    if value_type != _STRING_TYPE or key[start + length :] != project_name(bank).encode():
        return None
    return key[start : start + length].decode()


def feast_field(view: str, feature: str) -> bytes:
    """The hash field of a feature: murmur3 of `view:feature`, little endian."""
    return struct.pack("<I", mmh3.hash(f"{view}:{feature}", signed=False))


def timestamp_field(view: str) -> bytes:
    """The hash field of the instant a view's values were true."""
    return f"_ts:{view}".encode()


def consent_key(bank: str, customer_id: str) -> str:
    """The key of a customer's consent state, hash-tagged by customer."""
    return f"nbo:{bank}:{{{customer_id}}}:consent"


def customer_of_consent_key(bank: str, key: bytes) -> str | None:
    """The customer a consent key belongs to; None when it is none of exactly this bank."""
    before, after = (part.encode() for part in consent_key(bank, "|").split("|"))
    if not (key.startswith(before) and key.endswith(after)):
        return None
    return key[len(before) : -len(after)].decode()


def generation_key(bank: str) -> str:
    """The key of the bank's generation marker."""
    return f"nbo:{bank}:generation"


def encode_consents(bank: str, customer_id: str, consents: dict[str, ConsentStatus]) -> bytes:
    """A customer's consents, keyed `<channel or *>/<purpose>`, as her state key holds them."""
    return msgspec.msgpack.encode(ConsentState(_check(bank, customer_id), consents))


def decode_consents(bank: str, customer_id: str, state: bytes) -> dict[str, ConsentStatus]:
    """The consents in a state; `StateUnreadable` when damaged or another customer's."""
    try:
        decoded = msgspec.msgpack.decode(state, type=ConsentState)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise StateUnreadable(f"a consent state of bank {bank} is damaged: load it again") from None
    if decoded.check != _check(bank, customer_id):
        raise StateUnreadable(f"a consent state of bank {bank} answers for another customer")
    return decoded.consents


def encode_generation(generation: Generation) -> bytes:
    """The marker as JSON."""
    return msgspec.json.encode(generation)


def decode_generation(bank: str, marker: bytes) -> Generation:
    """The marker; `StateUnreadable` when damaged or another bank's."""
    try:
        decoded = msgspec.json.decode(marker, type=Generation)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise StateUnreadable(f"the generation marker of bank {bank} is damaged") from None
    if decoded.bank != bank:
        raise StateUnreadable(f"the generation marker of bank {bank} names bank {decoded.bank}")
    return decoded


def float_list_header(length: int) -> bytes:
    """The bytes before the packed floats in a `Value` that holds a float list of this length."""
    if not length:
        return _FLOAT_LIST_TAG + _varint(0)
    packed = _PACKED_TAG + _varint(4 * length)
    return _FLOAT_LIST_TAG + _varint(len(packed) + 4 * length) + packed


def encode_text(text: str) -> bytes:
    """The `Value` that holds the text."""
    encoded = text.encode()
    return _STRING_TAG + _varint(len(encoded)) + encoded


@lru_cache(maxsize=4096)
def decode_text(value: bytes) -> str:
    """The text of a `Value` that holds one (cached: few are distinct); ValueError if none."""
    if not value.startswith(_STRING_TAG):
        raise ValueError("not a text value")
    length, start = _read_varint(value, 1)
    if start + length != len(value):
        raise ValueError("a text value of another length than it says")
    return value[start:].decode()


@lru_cache(maxsize=4096)
def encode_instant(microseconds: int) -> bytes:
    """The `Timestamp` of an instant in microseconds since 1970-01-01 UTC."""
    seconds, rest = divmod(microseconds, 1_000_000)
    encoded = b"\x08" + _varint(seconds % (1 << 64)) if seconds else b""
    return encoded + (b"\x10" + _varint(rest * 1_000) if rest else b"")


@lru_cache(maxsize=4096)
def decode_timestamp(value: bytes) -> float:
    """Days since 1970-01-01 in a `Timestamp` (cached: few are distinct); ValueError if none."""
    seconds, nanoseconds = _timestamp_fields(value)
    return (seconds + nanoseconds / 1e9) / _SECONDS_PER_DAY


@lru_cache(maxsize=4096)
def decode_instant(value: bytes) -> int:
    """Nanoseconds since 1970-01-01 UTC in a `Timestamp`; ValueError if none."""
    seconds, nanoseconds = _timestamp_fields(value)
    return seconds * 1_000_000_000 + nanoseconds


def _timestamp_fields(value: bytes) -> tuple[int, int]:
    fields = {1: 0, 2: 0}
    position = 0
    while position < len(value):
        number, wire_type = value[position] >> 3, value[position] & 7
        if number not in fields or wire_type != 0:
            raise ValueError("not a timestamp")
        fields[number], position = _read_varint(value, position + 1)
    return fields[1] - (1 << 64) if fields[1] >> 63 else fields[1], fields[2]


def _check(bank: str, customer_id: str) -> str:
    return hashlib.blake2b(f"{bank}:{customer_id}".encode(), digest_size=8).hexdigest()


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def _read_varint(value: bytes, position: int) -> tuple[int, int]:
    number = shift = 0
    while position < len(value) and shift < 70:
        byte = value[position]
        position += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, position
        shift += 7
    raise ValueError("a number that does not end")
