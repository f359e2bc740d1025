"""Loads a bank into Redis: features through Feast, consent states, the generation marker last."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from itertools import islice
from typing import cast

import polars as pl
from msgspec.structs import replace
from redis import Redis

from feature_repo.contained_feast import quiet_feast
from feature_repo.contract import VIEWS, contract_digest
from feature_repo.errors import FeaturesAbsent, StateUnreadable
from feature_repo.online_layout import (
    KEY_PREFIX,
    Generation,
    consent_key,
    customer_of_consent_key,
    customer_of_key,
    decode_generation,
    encode_consents,
    encode_generation,
    generation_key,
)
from model_registry.home import BankIdentity, Home
from training.features.built import are_current
from training.features.calendar import Calendar, end_of_day
from training.features.recorded_consents import Consents, recorded_consents
from training.features.registration import apply
from training.progress import Progress, silent
from training.tables.store import TableStore

WRITE_BATCH = 2_000


def materialize(home: Home, redis_url: str, *, progress: Progress = silent) -> int:
    """Load the bank of this home into Redis and return the number of customers loaded.

    When vocabulary, data or contract differ from those of the marker, nothing of the former load
    remains, and the bank has no marker meanwhile, so that nobody reads a mixture of the two. Else
    the same values are written again while they are served. Other banks are left alone.
    """
    bank, tables = home.bank(), TableStore(home)
    with Redis.from_url(redis_url) as redis:
        if not _stands(redis, bank):
            redis.delete(generation_key(bank.bank))
            _clear(redis, bank.bank)
        _write_features(home, redis_url, progress)
        customers = _customers(tables)
        _write_consents(redis, bank.bank, customers, recorded_consents(tables), progress)
        redis.set(generation_key(bank.bank), encode_generation(_generation(bank)))
    return len(customers)


def _write_features(home: Home, redis_url: str, progress: Progress) -> None:
    if not are_current(home):
        raise FeaturesAbsent(
            f"the features in {home.features} are not built from this bank's tables under this"
            " contract: run `nbo features materialize`"
        )
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
    """Every customer any table names, in ascending order: one may only have refused."""
    sources = (view.source_table for view in VIEWS)
    wanted = {"customers", "consents", "unreadable_consents", *sources}
    names = wanted & set(tables.names())
    ids = [tables.scan(name).select("customer_id") for name in sorted(names)]
    return pl.concat(ids).unique().collect().to_series().sort().to_list()


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


def _clear(redis: Redis, bank: str) -> None:
    """Delete all features and consents of the bank: Feast overwrites fields, but removes none."""
    _delete(redis, KEY_PREFIX + b"*", lambda key: customer_of_key(bank, key))
    _delete(redis, b"nbo:*:consent", lambda key: customer_of_consent_key(bank, key))


def _delete(redis: Redis, pattern: bytes, customer_of: Callable[[bytes], str | None]) -> None:
    found = redis.scan_iter(pattern, count=WRITE_BATCH)
    own = (key for key in found if customer_of(key) is not None)
    while keys := list(islice(own, WRITE_BATCH)):
        redis.unlink(*keys)


def _stands(redis: Redis, bank: BankIdentity) -> bool:
    """Whether exactly what this load would bring is there already."""
    marker = cast("bytes | None", redis.get(generation_key(bank.bank)))
    if marker is None:
        return False
    try:
        standing = decode_generation(bank.bank, marker)
    except StateUnreadable:
        return False
    return standing == replace(_generation(bank), generation=standing.generation)


def _generation(bank: BankIdentity) -> Generation:
    return Generation(
        generation=datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S.%fZ"),
        bank=bank.bank,
        product_vocabulary=bank.product_vocabulary,
        fingerprint=bank.fingerprint,
        contract=contract_digest(),
    )


def _batches(customers: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(customers), WRITE_BATCH):
        yield customers[start : start + WRITE_BATCH]
