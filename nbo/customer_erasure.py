"""What the event log and Redis hold of one customer: found, and erased when she asks for it (GDPR
art. 17, PIPL art. 47).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, cast

import msgspec
import polars as pl
from redis import Redis

from feature_repo.contact_layout import contact_key
from feature_repo.online_layout import consent_key, feast_key
from model_registry.home import Home
from nbo.errors import UsageRefused
from nbo.progress import Report
from service.adapters.event_log import EventBook, FileEventLog, StoredRecord
from service.domain.ulid import ulid_bytes
from service.ports.event_log import RecordKind
from service.use_cases.payload import unpack
from training.features.redis_master import master_url
from training.tables.store import TableStore

PROGRESS_RECORDS = 20_000
TIMEOUT_SECONDS = 5.0


class _Inputs(msgspec.Struct):
    customer_id: str


class _Decision(msgspec.Struct):
    inputs: _Inputs


class _Report(msgspec.Struct):
    decision_id: str


class _Outcome(msgspec.Struct):
    customer_id: str | None
    outcome: _Report
    customers: tuple[str, ...] | None = None


_DECISIONS = msgspec.msgpack.Decoder(_Decision)
_OUTCOMES = msgspec.msgpack.Decoder(_Outcome)


class Held(NamedTuple):
    """Keys of what is on record of one customer, each once, in the order of the log."""

    decisions: tuple[bytes, ...]
    outcomes: tuple[bytes, ...]


def held_of(folder: Path, customer_id: str, progress: Report) -> Held:
    """Everything on record of her that is not erased yet: her decisions, and what was reported of
    them. Raises `RecordDamaged`.
    """
    decisions: dict[bytes, None] = {}
    reported: list[tuple[bytes, _Outcome]] = []
    for record, payload in _payloads(folder, progress):
        if record.kind is RecordKind.DECISION:
            if _DECISIONS.decode(unpack(payload)).inputs.customer_id == customer_id:
                decisions[record.key] = None
        elif record.kind is RecordKind.OUTCOME:
            reported.append((record.key, _OUTCOMES.decode(payload)))
    hers = (key for key, outcome in reported if _is_about(outcome, customer_id, decisions))
    return Held(tuple(decisions), tuple(dict.fromkeys(hers)))


def _payloads(folder: Path, progress: Report) -> Iterator[tuple[StoredRecord, bytes]]:
    for done, record in enumerate(EventBook(folder).records(), start=1):
        if done % PROGRESS_RECORDS == 0:
            progress("log read", done, None)
        if record.payload is not None:
            yield record, record.payload


def _is_about(outcome: _Outcome, customer_id: str, decisions: dict[bytes, None]) -> bool:
    """One that waits for its decision names no customer, but the decision, and perhaps the one
    customer whose it can only be.
    """
    if outcome.customer_id is not None:
        return outcome.customer_id == customer_id
    is_hers_alone = outcome.customers == (customer_id,)
    return is_hers_alone or ulid_bytes(outcome.outcome.decision_id) in decisions


def erase_held(folder: Path, anchors: Path, held: Held, progress: Report) -> int:
    """Erase these payloads, also while a service writes; how many records there were."""
    log, keys = FileEventLog(folder, anchors), (*held.decisions, *held.outcomes)
    log.open_now()
    try:
        count = 0
        for done, key in enumerate(keys, start=1):
            count += log.erase(key)
            progress("records erased", done, len(keys))
        return count
    finally:
        log.close_now()


def refuse_if_known(home: Home, customer_id: str) -> None:
    """Raises `UsageRefused` while the imported tables hold her."""
    store = TableStore(home)
    for name in ("customers", "consents"):
        if store.has(name):
            hers = store.scan(name).filter(pl.col("customer_id") == customer_id)
            if hers.select(pl.len()).collect().item():
                raise UsageRefused(
                    f"the imported table {name} holds this customer: take her out of the bank's"
                    " data and import it first; nothing was erased"
                )


def forget_online(url: str, bank: str, customer_id: str) -> int:
    """Delete her features, consents and contact history from Redis; how many keys there were."""
    keys = (
        feast_key(bank, customer_id),
        consent_key(bank, customer_id),
        contact_key(bank, customer_id),
    )
    with Redis.from_url(
        master_url(url), socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
    ) as redis:
        return cast("int", redis.delete(*keys))
