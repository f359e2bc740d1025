"""Ranges of customers small enough to hold all their facts in memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

BUCKET_CUSTOMERS = 20_000


@dataclass(frozen=True)
class CustomerBucket:
    """Customers with `first <= id < end`; None is an open end."""

    first: str | None
    end: str | None

    def select(self, facts: pl.LazyFrame) -> pl.LazyFrame:
        """The facts of this bucket's customers."""
        customer = pl.col("customer_id")
        if self.first is not None:
            facts = facts.filter(customer >= self.first)
        return facts if self.end is None else facts.filter(customer < self.end)


def buckets(customer_ids: Iterable[str], size: int) -> list[CustomerBucket]:
    """Disjoint buckets over every possible id, each with at most `size` of the ids given."""
    borders: list[str | None] = [*sorted(set(customer_ids))[size::size]]
    return [CustomerBucket(a, b) for a, b in zip([None, *borders], [*borders, None], strict=True)]
