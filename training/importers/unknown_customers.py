"""Rows about customers of whom the table customers has none: most often ids of another system."""

from __future__ import annotations

import polars as pl

from training.tables.errors import ImportRefused
from training.tables.quarantine import Quarantine
from training.tables.store import TableStore

_ABOUT_CUSTOMERS = ("holdings", "holding_periods", "transactions", "events", "contacts")
"""Not consents: a customer who appears in consents alone is known, and her records count."""


def unknown_customers(store: TableStore, quarantine: Quarantine) -> dict[str, int]:
    """By table how many rows name a customer who is not in customers, where there are any.

    `ImportRefused` when it is more than half of a table's rows; where rows of customers itself went
    to quarantine, that is named as the cause.
    """
    found = {name: _unmatched(store, name) for name in _ABOUT_CUSTOMERS if store.has(name)}
    wrong = {name: count for name, count in found.items() if 2 * count > store.rows(name)}
    if wrong:
        told = ", ".join(f"{count} of {store.rows(n)} rows of {n}" for n, count in wrong.items())
        raise ImportRefused(f"{told} name a customer who is not in customers: {_cure(quarantine)}")
    return {name: count for name, count in found.items() if count}


def _cure(quarantine: Quarantine) -> str:
    lost = quarantine.counts.get("customers", 0)
    if not lost:
        return "give a customer the same customer_id in every table"
    return (
        f"{lost} row(s) of customers could not be used, most often because of"
        f" {quarantine.most_common_reason('customers')} (first in line"
        f" {quarantine.first_line('customers')}), put aside in quarantine/refused/customers.csv:"
        " mend those first"
    )


def _unmatched(store: TableStore, name: str) -> int:
    known = store.scan("customers").select("customer_id").unique()
    rows = store.scan(name).select("customer_id").join(known, on="customer_id", how="anti")
    return int(rows.select(pl.len()).collect(engine="streaming").item())
