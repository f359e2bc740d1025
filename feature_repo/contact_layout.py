"""How a customer's contact history lies in Redis: a header that proves whose it is, then fixed-size
entries in the order they were written.

Names are stored as 32-bit keys: a catalogue in which two names share a key is refused at load, so
that counting stays exact.
"""

from __future__ import annotations

import hashlib
from enum import IntEnum
from functools import lru_cache

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
HEADER_BYTES = 12
MAGIC = b"NBC1"
RESERVATION_SECONDS = 600.0
"""How long an offer that was handed out and not seen counts as if it had been."""

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


def contact_key(bank: str, customer_id: str) -> str:
    """The key of a customer's contact history, hash-tagged by customer."""
    return f"nbo:{bank}:{{{customer_id}}}:contacts"


@lru_cache(maxsize=65_536)
def name_key(name: str) -> int:
    """The 32-bit key of a name of an offer, a group, a product line or a placement; never 0."""
    digest = hashlib.blake2b(name.encode(), digest_size=4).digest()
    return int.from_bytes(digest, "little") or 1


def decision_key(decision_id: str) -> int:
    """The 64-bit key of a decision's id."""
    digest = hashlib.blake2b(decision_id.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def contact_header(bank: str, customer_id: str) -> bytes:
    """What every history of this customer begins with; a history without entries is just this."""
    owner = hashlib.blake2b(f"contacts:{bank}:{customer_id}".encode(), digest_size=8).digest()
    return MAGIC + owner


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
