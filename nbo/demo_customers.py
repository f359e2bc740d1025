"""Whom the demo asks about."""

from __future__ import annotations

from dataclasses import dataclass

from model_registry.home import Home

UNKNOWN_CUSTOMER = "nobody-knows-me"


@dataclass(frozen=True)
class DemoCustomers:
    """Two customers of the last snapshot: one with few products, one with many."""

    logs_in: str
    calls: str


def pick_customers(home: Home) -> DemoCustomers:
    """The customers at the middle and near the top of those ordered by products held."""
    import polars as pl

    from training.tables.store import TableStore

    last = home.bank().snapshot_dates[-1]
    ids = (
        TableStore(home)
        .scan("holdings")
        .filter(pl.col("snapshot_on") == last, pl.col("held").list.len() > 0)
        .sort(pl.col("held").list.len(), "customer_id")
        .collect()
        .get_column("customer_id")
    )
    return DemoCustomers(logs_in=ids[len(ids) // 2], calls=ids[len(ids) * 9 // 10])
