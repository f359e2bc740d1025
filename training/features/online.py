"""Loads a bank into Redis: features in Feast's layout, consents, contacts, the marker last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import cast

from msgspec.structs import replace
from redis import Redis
from redis.exceptions import OutOfMemoryError, ResponseError

from feature_repo.contact_layout import OfferNames
from feature_repo.contract import contract_digest
from feature_repo.errors import FeaturesAbsent, LoadRefused, StateUnreadable
from feature_repo.online_layout import (
    Generation,
    decode_generation,
    encode_generation,
    generation_key,
)
from model_registry.failpoints import reach
from model_registry.home import BankIdentity, Home
from training.features.built import are_current
from training.features.bulk_loader import LoadedRows, load_features
from training.features.feast_registry import record_load
from training.features.imported_contacts import ImportedContacts
from training.features.online_clearing import clear
from training.features.online_consents import load_consents, named_customers
from training.features.online_contacts import Logged, add_logged, load_contacts
from training.features.redis_master import master_url
from training.features.registration import apply
from training.progress import Progress, silent
from training.tables.store import TableStore

TIMEOUT_SECONDS = 30.0
"""A reply may wait for a whole batch, and for Redis to write a snapshot meanwhile."""


@dataclass(frozen=True)
class Loaded:
    """What a load brought: customers with a consent state, and rows of feature views."""

    customers: int
    rows: LoadedRows

    def warnings(self) -> list[str]:
        """What the operator must know, one line each."""
        lines = []
        if self.rows.future:
            lines.append(
                f"{self.rows.future} feature rows are dated in the future and were not loaded:"
                " correct the dates of those facts, or this machine's clock, and load again"
            )
        if self.rows.newer_kept:
            lines.append(
                f"{self.rows.newer_kept} feature rows were not loaded because Redis holds newer"
                " ones"
            )
        return lines


def materialize(
    home: Home,
    redis_url: str,
    *,
    progress: Progress = silent,
    offers: Mapping[str, OfferNames] | None = None,
    logged: Logged = (),
) -> Loaded:
    """Load the bank of this home into Redis: features, consents, contact histories.

    `offers` is what the catalogue knows of the offers in the imported contacts, `logged` what the
    bank's own log adds to them: without it a new load forgets what the service told since.

    When vocabulary, data or contract differ from those of the marker, nothing of the former load
    remains, and the bank has no marker meanwhile, so that nobody reads a mixture of the two. Else
    the same values are written again while they are served. Other banks are left alone.
    """
    bank, tables, url = home.bank(), TableStore(home), master_url(redis_url)
    timeouts = {"socket_timeout": TIMEOUT_SECONDS, "socket_connect_timeout": TIMEOUT_SECONDS}
    with Redis.from_url(url, **timeouts) as redis, refusals_explained(bank.bank):
        if not _stands(redis, bank):
            redis.delete(generation_key(bank.bank))
            reach("materialize.before_clear")
            clear(redis, bank.bank)
        rows = _write_features(home, redis, url, progress)
        reach("materialize.before_consents")
        customers = load_consents(tables, bank.bank, redis, progress)
        reach("materialize.before_contacts")
        imported = ImportedContacts(tables, bank, offers or {})
        load_contacts(imported, named_customers(tables), redis, progress)
        add_logged(bank.bank, logged, redis, progress)
        reach("materialize.before_marker")
        redis.set(generation_key(bank.bank), encode_generation(_generation(bank)))
    return Loaded(customers, rows)


def _write_features(home: Home, redis: Redis, url: str, progress: Progress) -> LoadedRows:
    if not are_current(home):
        raise FeaturesAbsent(
            f"the features in {home.features} are not built from this bank's tables under this"
            " contract: run `nbo features materialize`"
        )
    store = apply(home, url)
    rows = load_features(home, redis, progress)
    reach("materialize.before_record")
    record_load(store, home)
    return rows


@contextmanager
def refusals_explained(bank: str) -> Iterator[None]:
    """Redis' own words can hold a key, and with it a customer: none of them is repeated."""
    try:
        yield
    except OutOfMemoryError:
        raise LoadRefused(
            f"Redis is full, bank {bank} is not completely loaded: raise its maxmemory or remove"
            " what else it holds, then run `nbo features materialize` again"
        ) from None
    except ResponseError as error:
        code = str(error).split(" ", 1)[0]
        kind = code if code.isalpha() and code.isupper() else type(error).__name__
        raise LoadRefused(
            f"Redis refused a command ({kind}), bank {bank} is not completely loaded: mend it, then"
            " run `nbo features materialize` again"
        ) from None


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
