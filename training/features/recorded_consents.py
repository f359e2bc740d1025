"""Which consent of each customer counts, as her online state says it."""

from __future__ import annotations

from typing import cast, get_args

import polars as pl

from feature_repo.online_layout import ConsentPurpose, ConsentStatus
from training.tables.store import TableStore

Consents = dict[str, ConsentStatus]

_SUBJECT = ("customer_id", "channel", "purpose")


def recorded_consents(
    tables: TableStore, first: str = "", last: str | None = None
) -> dict[str, Consents]:
    """Per customer with records the statuses that count, keyed `<channel or *>/<purpose>`.

    Only customers whose ids lie between `first` and `last`, both included, are looked at. For a
    channel and purpose that is the most recent of the channel's own entry and the `*` entry; at the
    same instant the refusal. An own entry that `*` overrules is left out. A customer one of whose
    rows could not be read is unreadable for every purpose: the row may have been a refusal.
    """
    consents: dict[str, Consents] = {}
    for customer, channel, purpose, status in _counting(
        _between(tables, "consents", first, last)
    ).iter_rows():
        consents.setdefault(customer, {})[f"{channel}/{purpose}"] = cast("ConsentStatus", status)
    unreadable: Consents = {f"*/{purpose}": "unreadable" for purpose in get_args(ConsentPurpose)}
    unread = _between(tables, "unreadable_consents", first, last)
    for (customer,) in unread.collect().iter_rows():
        consents[customer] = unreadable
    return consents


def _between(tables: TableStore, name: str, first: str, last: str | None) -> pl.LazyFrame:
    customer, rows = pl.col("customer_id"), tables.scan(name)
    rows = rows.filter(customer >= first)
    return rows if last is None else rows.filter(customer <= last)


def _counting(consents: pl.LazyFrame) -> pl.DataFrame:
    refused = pl.col("status") == "refused"
    last = (
        consents.sort("recorded_at", refused)
        .group_by(_SUBJECT)
        .agg(pl.col("status").last(), pl.col("recorded_at").last())
    )
    blanket = last.filter(pl.col("channel") == "*")
    own = last.filter(pl.col("channel") != "*")
    later = blanket.select("customer_id", "purpose", pl.col("recorded_at").alias("overruled_until"))
    is_later = pl.col("recorded_at") > pl.col("overruled_until")
    ties = pl.col("recorded_at") == pl.col("overruled_until")
    counts = pl.col("overruled_until").is_null() | is_later | (ties & refused)
    standing = own.join(later, on=["customer_id", "purpose"], how="left").filter(counts)
    return (
        pl.concat([blanket, standing.drop("overruled_until")])
        .select(*_SUBJECT, "status")
        .sort(_SUBJECT)
        .collect()
    )
