"""Loads a bank into Redis: features through Feast, consent states, the generation marker last."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import cast

import polars as pl
from redis import Redis

from feature_repo.contained_feast import quiet_feast
from feature_repo.contract import VIEWS
from feature_repo.errors import StateUnreadable
from feature_repo.online_layout import (
    KEY_PREFIX,
    ConsentStatus,
    Generation,
    consent_key,
    customer_of_key,
    decode_generation,
    encode_consents,
    encode_generation,
    generation_key,
    project_name,
)
from model_registry.home import BankIdentity, Home
from training.features.calendar import Calendar, end_of_day
from training.features.registration import apply
from training.progress import Progress, silent
from training.tables.store import TableStore

WRITE_BATCH = 2_000
Consents = dict[str, ConsentStatus]


def materialize(home: Home, redis_url: str, *, progress: Progress = silent) -> int:
    """Load the bank of this home into Redis and return the number of customers loaded.

    Customers of a former load who are gone now are removed; other banks are left alone. While the
    vocabulary changes, the bank has no marker, so that nobody reads lists under the wrong products.
    """
    bank, tables = home.bank(), TableStore(home)
    with Redis.from_url(redis_url) as redis:
        if not _same_vocabulary(redis, bank):
            redis.delete(generation_key(bank.bank))
        _write_features(home, redis_url, progress)
        customers = _customers(tables)
        _write_consents(redis, bank.bank, customers, _consents(tables), progress)
        _remove_others(redis, bank.bank, set(customers))
        redis.set(generation_key(bank.bank), encode_generation(_generation(bank)))
    return len(customers)


def _write_features(home: Home, redis_url: str, progress: Progress) -> None:
    bank = home.bank()
    store = apply(home, redis_url)
    dates = Calendar.of_facts(bank).dates
    start = end_of_day(dates[0]) - timedelta(days=1)
    end = end_of_day(dates[-1]) + timedelta(seconds=1)
    for done, view in enumerate(VIEWS):
        progress("materialize", done, len(VIEWS))
        with quiet_feast():
            store.materialize(start, end, feature_views=[view.name])
    progress("materialize", len(VIEWS), len(VIEWS))


def _customers(tables: TableStore) -> list[str]:
    """Every customer any table may give features to, in ascending order."""
    names = {"customers", *(view.source_table for view in VIEWS)} & set(tables.names())
    ids = [tables.scan(name).select("customer_id") for name in sorted(names)]
    return pl.concat(ids).unique().collect().to_series().sort().to_list()


def _consents(tables: TableStore) -> dict[str, Consents]:
    """Per customer the last recorded status of each channel and purpose; refused wins a tie."""
    last = (
        tables.scan("consents")
        .sort("recorded_at", pl.col("status") == "refused")
        .group_by("customer_id", "channel", "purpose")
        .agg(pl.col("status").last())
        .sort("customer_id", "channel", "purpose")
        .collect()
    )
    consents: dict[str, Consents] = {}
    for customer, channel, purpose, status in last.iter_rows():
        consents.setdefault(customer, {})[f"{channel}/{purpose}"] = cast("ConsentStatus", status)
    return consents


def _write_consents(
    redis: Redis,
    bank: str,
    customers: list[str],
    consents: dict[str, Consents],
    progress: Progress,
) -> None:
    """A state for every customer: an empty one says that nothing is recorded."""
    for done, batch in enumerate(_batches(customers)):
        with redis.pipeline(transaction=False) as pipe:
            for customer in batch:
                state = encode_consents(bank, customer, consents.get(customer, {}))
                pipe.set(consent_key(bank, customer), state)
            pipe.execute()
        progress("consents", min((done + 1) * WRITE_BATCH, len(customers)), len(customers))


def _remove_others(redis: Redis, bank: str, loaded: set[str]) -> None:
    pattern = KEY_PREFIX + b"*" + project_name(bank).encode()
    for key in redis.scan_iter(pattern, count=WRITE_BATCH):
        # The pattern also matches a bank whose project name ends like this one.
        customer = customer_of_key(bank, key)
        if customer is not None and customer not in loaded:
            redis.delete(key, consent_key(bank, customer))


def _same_vocabulary(redis: Redis, bank: BankIdentity) -> bool:
    marker = cast("bytes | None", redis.get(generation_key(bank.bank)))
    if marker is None:
        return False
    try:
        standing = decode_generation(bank.bank, marker)
    except StateUnreadable:
        return False
    return standing.product_vocabulary == bank.product_vocabulary


def _generation(bank: BankIdentity) -> Generation:
    loaded_at = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S.%fZ")
    return Generation(loaded_at, bank.bank, bank.product_vocabulary)


def _batches(customers: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(customers), WRITE_BATCH):
        yield customers[start : start + WRITE_BATCH]
