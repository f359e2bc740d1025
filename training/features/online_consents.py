"""Brings a consent state online for every customer of a bank, in bulk."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
from redis import Redis

from feature_repo.contract import VIEWS
from feature_repo.online_layout import consent_key, encode_consents
from model_registry.failpoints import reach
from training.features.packed_redis import bulk, packed
from training.features.recorded_consents import Consents, recorded_consents
from training.progress import Progress
from training.tables.store import TableStore

BATCH_CUSTOMERS = 2_000
BUCKET_CUSTOMERS = 50_000
_SET = b"*3\r\n" + bulk(b"SET")


def load_consents(tables: TableStore, bank: str, redis: Redis, progress: Progress) -> int:
    """Write a state for every customer any table names, and return how many there are."""
    customers = named_customers(tables)
    done = 0
    with packed(redis) as link:
        for batch, consents in _batches(tables, customers):
            link.settle()
            if done:
                reach("materialize.mid_consents")
            link.send([_write(bank, customer, consents.get(customer, {})) for customer in batch])
            done += len(batch)
            progress("consents", done, len(customers))
    return done


def named_customers(tables: TableStore) -> pl.Series:
    """Every customer any table names, in ascending order: one may only have refused."""
    sources = (view.source_table for view in VIEWS)
    wanted = {"customers", "consents", "unreadable_consents", *sources}
    names = wanted & set(tables.names())
    ids = [tables.scan(name).select("customer_id").unique() for name in sorted(names)]
    return pl.concat(ids).unique().collect(engine="streaming").to_series().sort()


def _write(bank: str, customer: str, consents: Consents) -> bytes:
    """An empty state says that nothing is recorded."""
    key = consent_key(bank, customer).encode()
    return b"%b%b%b" % (_SET, bulk(key), bulk(encode_consents(bank, customer, consents)))


def _batches(
    tables: TableStore, customers: pl.Series
) -> Iterator[tuple[list[str], dict[str, Consents]]]:
    for start in range(0, len(customers), BUCKET_CUSTOMERS):
        bucket = customers[start : start + BUCKET_CUSTOMERS]
        consents = recorded_consents(tables, bucket[0], bucket[-1])
        for first in range(0, len(bucket), BATCH_CUSTOMERS):
            yield bucket[first : first + BATCH_CUSTOMERS].to_list(), consents
