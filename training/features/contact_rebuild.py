"""Makes every contact history of a bank anew: from what was imported, then from the log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

import polars as pl
from redis import Redis

from feature_repo.contact_layout import OfferNames
from feature_repo.errors import LoadRefused
from feature_repo.online_layout import generation_key
from model_registry.failpoints import reach
from model_registry.home import Home
from training.features.imported_contacts import ImportedContacts
from training.features.online import TIMEOUT_SECONDS, refusals_explained
from training.features.online_clearing import clear_contacts
from training.features.online_consents import named_customers
from training.features.online_contacts import Logged, add_logged, load_contacts, read_contacts
from training.features.redis_master import master_url
from training.progress import Progress, silent
from training.tables.store import TableStore

UNREADABLE = (pl.exceptions.PolarsError, pl.exceptions.PanicException, ValueError)
"""What damaged Parquet becomes."""
PROGRESS_ENTRIES = 5_000


@dataclass(frozen=True)
class Rebuilt:
    """How many customers of the bank's tables have a history again, and how many entries of the log
    were read.
    """

    customers: int
    logged: int


def rebuild_contacts(
    home: Home,
    redis_url: str,
    logged: Callable[[], Logged],
    progress: Progress = silent,
    *,
    offers: Mapping[str, OfferNames] | None = None,
) -> Rebuilt:
    """Nobody is told anything a cap binds meanwhile: the bank's marker is down until the end.

    `logged` opens the log from its beginning, once to see that all of it can be read before
    anything is deleted, and once after the imported contacts are written, so that what is reported
    during the rebuild is either in what is read or comes behind it. `LoadRefused` when the bank is
    not loaded, or its contacts cannot be read.
    """
    bank = home.bank()
    timeouts = {"socket_timeout": TIMEOUT_SECONDS, "socket_connect_timeout": TIMEOUT_SECONDS}
    key = generation_key(bank.bank)
    with (
        Redis.from_url(master_url(redis_url), **timeouts) as redis,
        refusals_explained(bank.bank),
    ):
        marker = cast("bytes | None", redis.get(key))
        if marker is None:
            raise LoadRefused(
                f"bank {bank.bank} is not completely loaded: run `nbo features materialize`, which"
                " rebuilds the contact histories too"
            )
        imported = ImportedContacts(TableStore(home), bank, offers or {})
        customers = _read_through(imported, logged(), progress)
        redis.delete(key)
        reach("rebuild.before_clear")
        clear_contacts(redis, bank.bank)
        load_contacts(imported, customers, redis, progress)
        reach("rebuild.before_log")
        count = add_logged(bank.bank, logged(), redis, progress)
        redis.set(key, marker)
    return Rebuilt(len(customers), count)


def _read_through(imported: ImportedContacts, logged: Logged, progress: Progress) -> pl.Series:
    """Every customer any table names, after all that a rebuild reads was decoded once."""
    try:
        customers = named_customers(imported.tables)
        read_contacts(imported, customers, progress)
    except UNREADABLE:
        raise LoadRefused(
            f"the tables of bank {imported.bank.bank} cannot be read: restore them from their"
            " backup or import the bank again; no contact history was changed"
        ) from None
    for done, _ in enumerate(logged, start=1):
        if done % PROGRESS_ENTRIES == 0:
            progress("log read", done, None)
    return customers
