"""Which months train, which month tests, and which fold a customer falls into."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from model_registry.home import BankIdentity
from training.errors import EvaluationRefused, TrainingRefused

UInt64s = NDArray[np.uint64]


def training_months(
    label_months: Sequence[date], train_until: date, window_months: int
) -> list[date]:
    """The label months up to `train_until` inside the window, which is open at the left."""
    newest = _month_number(train_until)
    chosen = [
        month
        for month in sorted(label_months)
        if month <= train_until and newest - window_months < _month_number(month)
    ]
    if not chosen:
        raise TrainingRefused(
            f"no label month within {window_months} months up to {train_until}: "
            f"the bank has {_listed(label_months)}"
        )
    return chosen


def default_train_until(label_months: Sequence[date]) -> date:
    """The last label month but one, so that the last is left to measure the model honestly."""
    months = sorted(label_months)
    if len(months) < 2:
        raise TrainingRefused(
            f"the bank has label months {_listed(months)}: two are needed, one to train on and one "
            "to evaluate (give --train-until to train without evaluation)"
        )
    return months[-2]


def next_label_month(label_months: Sequence[date], after: date) -> date | None:
    """The first label month after a date, None when there is none yet."""
    return min((month for month in label_months if month > after), default=None)


def snapshot_before(bank: BankIdentity, month: date) -> date:
    """The last snapshot before a label month: the instant its rows are `as_of`."""
    earlier = [day for day in bank.snapshot_dates if day < month]
    if month not in bank.label_months or not earlier:
        raise EvaluationRefused(
            f"{month} is no label month: the bank has {_listed(bank.label_months)}"
        )
    return max(earlier)


def customer_keys(customer_ids: Sequence[str], *, purpose: str) -> UInt64s:
    """A stable 64-bit number per customer, independent between purposes."""
    key = purpose.encode()
    digests = (hashlib.blake2b(name.encode(), digest_size=8, key=key) for name in customer_ids)
    return np.frombuffer(b"".join(digest.digest() for digest in digests), dtype="<u8")


def folds_of(customer_ids: Sequence[str], folds: int) -> NDArray[np.intp]:
    """The fold of every customer: all her months and products fall into the same one."""
    keys = customer_keys(customer_ids, purpose="calibration fold")
    return np.asarray(keys % np.uint64(folds), dtype=np.intp)


def uniform_of(keys: UInt64s, salts: UInt64s) -> NDArray[np.float64]:
    """A number in [0, 1) per key and salt, the same on every machine (SplitMix64)."""
    mixed = keys + salts * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return np.asarray((mixed >> np.uint64(11)).astype(np.float64) / 2.0**53)


def _month_number(day: date) -> int:
    return day.year * 12 + day.month


def _listed(months: Sequence[date]) -> str:
    return ", ".join(str(month) for month in months) or "none"
