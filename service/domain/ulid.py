"""Ids that sort by time: 48 bits of milliseconds, 80 bits of randomness, Crockford's base 32."""

from __future__ import annotations

import os
import re
from datetime import datetime

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 26
_FORM = re.compile(f"[0-7][{ALPHABET}]{{{LENGTH - 1}}}")
_DIGITS = str.maketrans(ALPHABET, "0123456789abcdefghijklmnopqrstuv")
"""To the digits `int` reads."""
_PAIRS = tuple(first + second for first in ALPHABET for second in ALPHABET)
_SHIFTS = tuple(range(120, -1, -10))
_TIME_SHIFTS = tuple(range(40, -1, -10))
_RANDOM_DIGITS = 16
_DRAWN = bytes(ord(ALPHABET[byte & 31]) for byte in range(256))
"""The digit a random byte stands for: its last five bits."""


def new_ulid(at: datetime) -> str:
    """A fresh ULID for this instant: 26 characters, first digit at most 7."""
    milliseconds = int(at.timestamp() * 1000)
    time = "".join([_PAIRS[milliseconds >> shift & 1023] for shift in _TIME_SHIFTS])
    return time + os.urandom(_RANDOM_DIGITS).translate(_DRAWN).decode()


def ulid_bytes(ulid: str) -> bytes | None:
    """The 16 bytes of a ULID; None for any other text."""
    if _FORM.fullmatch(ulid) is None:
        return None
    return int(ulid.translate(_DIGITS), 32).to_bytes(16)


def ulid_text(number: bytes) -> str:
    """The ULID of these 16 bytes."""
    value = int.from_bytes(number)
    return "".join([_PAIRS[value >> shift & 1023] for shift in _SHIFTS])


def ulid_seconds(ulid: str) -> float | None:
    """When a ULID was made, in epoch seconds; None for any other text."""
    raw = ulid_bytes(ulid)
    return None if raw is None else int.from_bytes(raw[:6]) / 1000
