"""Ranges of customers small enough to hold all their facts in memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

BUCKET_CUSTOMERS = 10_000
"""With 35 transactions a month and a year of them, a bucket takes about 0.8 GiB."""


@dataclass(frozen=True)
class CustomerBucket:
    """Customers with `first <= id < end`; None is an open end."""

    first: str | None
    end: str | None


def buckets(customer_ids: Iterable[str], size: int) -> list[CustomerBucket]:
    """Disjoint buckets over every possible id, each with at most `size` of the ids given."""
    borders: list[str | None] = [*sorted(set(customer_ids))[size::size]]
    return [CustomerBucket(a, b) for a, b in zip([None, *borders], [*borders, None], strict=True)]
