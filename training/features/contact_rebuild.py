"""Makes every contact history of a bank anew: from what was imported, then from the log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

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
from training.features.online_contacts import Logged, add_logged, load_contacts
from training.features.redis_master import master_url
from training.progress import Progress, silent
from training.tables.store import TableStore


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
    logged: Logged,
    progress: Progress = silent,
    *,
    offers: Mapping[str, OfferNames] | None = None,
) -> Rebuilt:
    """Nobody is told anything a cap binds meanwhile: the bank's marker is down until the end.

    The log is read after the imported contacts are written, so that what is reported during the
    rebuild is either in what is read or comes behind it. `LoadRefused` when the bank is not loaded.
    """
    bank, tables = home.bank(), TableStore(home)
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
        redis.delete(key)
        reach("rebuild.before_clear")
        clear_contacts(redis, bank.bank)
        customers = named_customers(tables)
        load_contacts(ImportedContacts(tables, bank, offers or {}), customers, redis, progress)
        reach("rebuild.before_log")
        count = add_logged(bank.bank, logged, redis, progress)
        redis.set(key, marker)
    return Rebuilt(len(customers), count)
