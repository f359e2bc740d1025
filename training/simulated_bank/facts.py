"""Transactions, events and contacts: columns of codes as Arrow tables in the canonical form."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from feature_repo.contract import CHANNELS
from training.simulated_bank.events import TYPES
from training.simulated_bank.frames import BANK_ZONE_SECONDS
from training.simulated_bank.logging_policy import PLACES
from training.simulated_bank.outcomes import OUTCOMES, REASONS
from training.simulated_bank.products import VOCABULARY
from training.simulated_bank.transactions import CATEGORIES, Columns

_UTC = pa.timestamp("us", tz="UTC")
_FOUR_DIGITS = np.array([f"{number:04d}".encode() for number in range(10_000)]).view(np.uint32)
_LETTER_AND_THREE = np.array([f"C{number:03d}".encode() for number in range(1000)]).view(np.uint32)


def transactions(columns: Columns, start: date, first: int) -> pa.Table:
    """Transactions in order of time, numbered from `first`."""
    return pa.table(
        {
            "transaction_id": _consecutive("T", first, len(columns["row"])),
            "customer_id": _customers(columns),
            "occurred_at": _instants(start, columns["second"]),
            "amount": columns["amount"],
            "category": _named(CATEGORIES, columns["category"]),
        }
    )


def events(columns: Columns, start: date, first: int) -> pa.Table:
    """Events in order of time, numbered from `first`."""
    return pa.table(
        {
            "event_id": _consecutive("E", first, len(columns["row"])),
            "customer_id": _customers(columns),
            "occurred_at": _instants(start, columns["second"]),
            "channel": _named(CHANNELS, columns["channel"]),
            "type": _named(TYPES, columns["type"]),
            "product_id": _named(VOCABULARY, columns["product"]),
        }
    )


def contacts(columns: Columns, start: date, first: int) -> pa.Table:
    """Contacts in order of time; the offer of a product bears the product's name."""
    offered = _named(VOCABULARY, columns["product"])
    silent = np.asarray(columns["outcome"] == OUTCOMES.index("none"))
    outcome = columns["outcome"].astype(np.int8)
    return pa.table(
        {
            "contact_id": _consecutive("K", first, len(columns["row"])),
            "customer_id": _customers(columns),
            "offer_id": offered,
            "product_id": offered,
            "channel": _named(CHANNELS, columns["channel"]),
            "placement": _named(PLACES, columns["placement"]),
            "shown_at": _instants(start, columns["second"]),
            "outcome": _named(OUTCOMES, np.where(silent, np.int8(-1), outcome)),
            "outcome_at": _instants(start, columns["outcome_second"], unknown=silent),
            "reason": _named(REASONS, columns["reason"]),
            "logging_probability": columns["probability"],
        }
    )


def _consecutive(letter: str, first: int, count: int) -> pa.Array:
    """Ids of a letter and ten digits, for example T0000000012."""
    number = np.arange(first, first + count, dtype=np.int64)
    text = np.empty((count, 11), np.uint8)
    text[:, 0] = ord(letter)
    text[:, 1:3] = _FOUR_DIGITS[number // 10**8].view(np.uint8).reshape(-1, 4)[:, 2:]
    text[:, 3:7] = _FOUR_DIGITS[number // 10**4 % 10**4].view(np.uint8).reshape(-1, 4)
    text[:, 7:] = _FOUR_DIGITS[number % 10**4].view(np.uint8).reshape(-1, 4)
    return _texts_of(text)


def _customers(columns: Columns) -> pa.Array:
    """As `frames.customer_ids` writes them: a letter and seven digits."""
    number = columns["row"].astype(np.int64)
    text = np.empty((len(number), 2), np.uint32)
    text[:, 0] = _LETTER_AND_THREE[number // 10**4]
    text[:, 1] = _FOUR_DIGITS[number % 10**4]
    return _texts_of(text.view(np.uint8))


def _texts_of(characters: NDArray[np.uint8]) -> pa.Array:
    """The rows of a matrix (n, width) as texts."""
    count, width = characters.shape
    ends = np.arange(0, characters.size + 1, width, dtype=np.int64)
    return pa.LargeStringArray.from_buffers(count, pa.py_buffer(ends), pa.py_buffer(characters))


def _named(names: Sequence[str], code: NDArray[np.generic]) -> pa.Array:
    """The name of each code; a negative code is null."""
    codes = code.astype(np.int32)
    chosen = pa.array(codes, mask=codes < 0) if (codes < 0).any() else pa.array(codes)
    return pa.array(names, pa.large_string()).take(chosen)


def _instants(
    start: date, second: NDArray[np.generic], *, unknown: NDArray[np.bool_] | None = None
) -> pa.Array:
    """Local seconds since the first midnight as UTC instants."""
    origin = int(np.datetime64(start, "s").astype(np.int64)) - BANK_ZONE_SECONDS
    moments = (second.astype(np.int64) + origin) * 1_000_000
    return pa.array(moments, pa.int64(), mask=unknown).cast(_UTC)
