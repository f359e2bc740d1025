"""How a customer's contact history lies in Redis: a header that proves whose it is, then fixed-size
entries in the order they were written.

Names are stored as 32-bit keys: a catalogue in which two names share a key is refused at load, so
that counting stays exact.
"""

from __future__ import annotations

import hashlib
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from feature_repo.errors import StateUnreadable

ENTRY = np.dtype(
    [
        ("at", "<f8"),
        ("until", "<f8"),
        ("decision", "<u8"),
        ("offer", "<u4"),
        ("group", "<u4"),
        ("line", "<u4"),
        ("placement", "<u4"),
        ("channel", "u1"),
        ("event", "u1"),
        ("reason", "u1"),
        ("is_marketing", "u1"),
    ]
)
"""One contact, 44 bytes: instants in epoch seconds (`until` 0 = none), keys of names, the channel's
place in the contract's channels, what happened and why.
"""
NAME_FIELDS = ("offer", "group", "line", "placement")
"""The fields that hold keys of names; they lie side by side."""
_NAMING = np.dtype(("<u4", (len(NAME_FIELDS) + 2,)))
_NAMING_AT = ENTRY.fields["offer"][1] - 4  # type: ignore[index]
_NAME_BITS = np.array([0, *[0xFFFF_FFFF] * len(NAME_FIELDS), 0xFF], dtype=np.uint64)
"""What of the naming words is a name: nothing of the one before the keys, the lowest byte of the
one after them.
"""
_SAID, _SAID_AT = np.dtype("<u2"), ENTRY.fields["event"][1]  # type: ignore[index]
HEADER_BYTES = 12
MAGIC = b"NBC1"
RESERVATION_SECONDS = 600.0
"""How long an offer that was handed out and not seen counts as if it had been."""
ANSWER_SECONDS = 600.0
"""How long the answer to a request id is kept."""
ANSWER_MAGIC = b"NBA1"
KEPT_SECONDS = 400 * 86_400.0
"""How far back histories go even where no rule looks so far: a new rule sees what happened."""
OPTED_OUT_SECONDS = 1_826 * 86_400.0
"""How long an opt-out is kept (in its `until`), longer than any other answer: five years."""
LATEST_SECONDS = 86_400.0
"""How late a report may be and still count when it happened; later ones count when received."""

Entries = NDArray[np.void]


class ContactEvent(IntEnum):
    """What one entry says; `DECISION` is also the reservation of an impression."""

    DECISION = 1
    IMPRESSION = 2
    CLICK = 3
    ACCEPT = 4
    REJECT = 5
    DISMISS = 6
    LATER = 7
    APPLICATION = 8
    OPENED = 9
    OPTED_OUT = 10
    COMPLAINT = 11


class ContactReason(IntEnum):
    """Why a customer rejected."""

    NONE = 0
    NOT_INTERESTED = 1
    HAS_ELSEWHERE = 2
    TOO_EXPENSIVE = 3
    BAD_TIME = 4
    PREFERS_BRANCH = 5
    COMPLAINT = 6
    OTHER = 7


class OfferNames(NamedTuple):
    """What a catalogue knows about an offer in a history."""

    group: str
    line: str
    is_marketing: bool = True


class KeptAnswer(NamedTuple):
    """What an answer slot holds: the digest of what was asked, and the answer's bytes."""

    body: bytes
    content: bytes


def contact_key(bank: str, customer_id: str) -> str:
    """The key of a customer's contact history, hash-tagged by customer."""
    return f"nbo:{bank}:{{{customer_id}}}:contacts"


def customer_of_contact_key(bank: str, key: bytes) -> str | None:
    """The customer a history's or an answer's key belongs to; None when it is none of exactly this
    bank.
    """
    before, _, after = key.partition(b"{")
    customer, _, kind = after.rpartition(b"}")
    if before != f"nbo:{bank}:".encode() or not (
        kind == b":contacts" or kind.startswith(b":answer:")
    ):
        return None
    return customer.decode()


def answer_key(bank: str, customer_id: str, slot: bytes) -> str:
    """The key of the answer to one request id of one principal, hash-tagged by customer."""
    return f"nbo:{bank}:{{{customer_id}}}:answer:{slot.hex()}"


def answer_head(bank: str, customer_id: str, body: bytes) -> bytes:
    """What a stored answer to exactly this question of this customer begins with."""
    return ANSWER_MAGIC + _owner(bank, customer_id) + bytes([len(body)]) + body


def decode_answer(bank: str, customer_id: str, stored: bytes) -> KeptAnswer:
    """What a slot holds; `StateUnreadable` when damaged or another customer's."""
    start = HEADER_BYTES + 1
    if len(stored) < start or stored[:HEADER_BYTES] != ANSWER_MAGIC + _owner(bank, customer_id):
        raise StateUnreadable(f"a stored answer of bank {bank} is damaged or another customer's")
    end = start + stored[HEADER_BYTES]
    return KeptAnswer(stored[start:end], stored[end:])


def counted_at(occurred_at: float, received_at: float) -> float:
    """The instant a report counts at, live and in a rebuild: when it happened, unless it came more
    than a day later, or from a clock that is ahead.
    """
    is_believed = 0.0 <= received_at - occurred_at <= LATEST_SECONDS
    return occurred_at if is_believed else received_at


@lru_cache(maxsize=65_536)
def name_key(name: str) -> int:
    """The 32-bit key of a name of an offer, a group, a product line or a placement; never 0."""
    digest = hashlib.blake2b(name.encode(), digest_size=4).digest()
    return int.from_bytes(digest, "little") or 1


def placement_key(channel: str, placement: str) -> int:
    """The 32-bit key of a place in a channel: two channels may name theirs alike."""
    return name_key(f"{channel}/{placement}")


def decision_key(decision_id: str) -> int:
    """The 64-bit key of a decision's id."""
    digest = hashlib.blake2b(decision_id.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def contact_header(bank: str, customer_id: str) -> bytes:
    """What every history of this customer begins with; a history without entries is just this."""
    return MAGIC + _owner(bank, customer_id)


def encode_contacts(bank: str, customer_id: str, entries: Entries) -> bytes:
    """A whole history, as its key holds it."""
    return contact_header(bank, customer_id) + np.asarray(entries, dtype=ENTRY).tobytes()


def decode_contacts(bank: str, customer_id: str, stored: bytes) -> Entries:
    """The entries of a history; `StateUnreadable` when damaged or another customer's."""
    body = len(stored) - HEADER_BYTES
    if body < 0 or body % ENTRY.itemsize or stored[:4] != MAGIC:
        raise StateUnreadable(f"a contact history of bank {bank} is damaged: rebuild it")
    if not stored.startswith(contact_header(bank, customer_id)):
        raise StateUnreadable(f"a contact history of bank {bank} answers for another customer")
    return np.frombuffer(stored, dtype=ENTRY, offset=HEADER_BYTES)


def entry_names(entries: Entries) -> NDArray[np.uint64]:
    """uint64[entries, 6]: 0, which all entries share, the keys of `NAME_FIELDS` and the channel."""
    naming: NDArray[np.uint32] = entries.getfield(_NAMING, _NAMING_AT)
    return naming & _NAME_BITS


def what_was_said(entries: Entries) -> NDArray[np.uint16]:
    """uint16[entries]: event and reason as one number, `said_number` of them."""
    said: NDArray[np.uint16] = entries.getfield(_SAID, _SAID_AT)
    return said


def said_number(event: int, reason: int) -> int:
    """The number of an event for a reason."""
    return reason << 8 | event


def _owner(bank: str, customer_id: str) -> bytes:
    return hashlib.blake2b(f"contacts:{bank}:{customer_id}".encode(), digest_size=8).digest()
