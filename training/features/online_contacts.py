"""Brings a contact history online for every customer of a bank, in bulk: the imported contacts
first, then what the bank's own log adds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby, islice

import numpy as np
import polars as pl
from redis import Redis

from feature_repo.contact_layout import contact_header, contact_key
from model_registry.failpoints import reach
from training.features.imported_contacts import ImportedContacts
from training.features.packed_redis import bulk, command, packed
from training.progress import Progress

BATCH_CUSTOMERS = 2_000
BUCKET_CUSTOMERS = 50_000
BATCH_ENTRIES = 5_000
_SET = b"*4\r\n" + bulk(b"SET")
_IF_ABSENT = bulk(b"NX")

Logged = Iterable[tuple[str, np.void]]
"""Customers and entries in the order of the log, their instants in business time."""

_APPEND = """
local history = redis.call('GET', KEYS[1])
if not history then
  history = ARGV[1]
  redis.call('SET', KEYS[1], history)
end
for pos = 1, #ARGV[2], 44 do
  local entry = string.sub(ARGV[2], pos, pos + 43)
  local same, event, is_known = string.sub(entry, 17, 28), string.byte(entry, 42), false
  local hit = string.find(history, same, 13, true)
  while hit and not is_known do
    is_known = (hit - 29) % 44 == 0 and string.byte(history, hit + 25) == event
    hit = string.find(history, same, hit + 1, true)
  end
  if not is_known then
    redis.call('APPEND', KEYS[1], entry)
    history = history .. entry
  end
end
"""
"""Adds entries behind those there are; one decision, offer and event stands there once."""


def load_contacts(
    contacts: ImportedContacts, customers: pl.Series, redis: Redis, progress: Progress
) -> None:
    """Write a history for every customer who has none; one that stands has grown since."""
    done = 0
    with packed(redis) as link:
        for batch in _batches(contacts, customers):
            link.settle()
            if done:
                reach("materialize.mid_contacts")
            link.send([_write(contacts.bank.bank, *one) for one in batch])
            done += len(batch)
            progress("contacts", done, len(customers))


def read_contacts(contacts: ImportedContacts, customers: pl.Series, progress: Progress) -> None:
    """Make every history as a load would, and keep none: whether all of them can be made."""
    done = 0
    for batch in _batches(contacts, customers):
        done += len(batch)
        progress("contacts read", done, len(customers))


def add_logged(bank: str, logged: Logged, redis: Redis, progress: Progress) -> int:
    """Add to the histories what the log tells, and return how many entries that were; a stranger's
    history begins here.
    """
    done, entries = 0, iter(logged)
    digest = bulk(str(redis.script_load(_APPEND)).encode())
    with packed(redis) as link:
        while batch := list(islice(entries, BATCH_ENTRIES)):
            link.settle()
            batch.sort(key=lambda one: one[0])  # stable: a customer's own order is kept
            link.send(
                [
                    _append(bank, digest, customer, b"".join(entry.tobytes() for _, entry in own))
                    for customer, own in groupby(batch, key=lambda one: one[0])
                ]
            )
            done += len(batch)
            progress("logged contacts", done, done)
    return done


def _write(bank: str, customer: str, entries: bytes) -> bytes:
    key = bulk(contact_key(bank, customer).encode())
    return b"%b%b%b%b" % (_SET, key, bulk(contact_header(bank, customer) + entries), _IF_ABSENT)


def _append(bank: str, digest: bytes, customer: str, entries: bytes) -> bytes:
    key = bulk(contact_key(bank, customer).encode())
    header = bulk(contact_header(bank, customer))
    return command((bulk(b"EVALSHA"), digest, bulk(b"1"), key, header, bulk(entries)))


def _batches(contacts: ImportedContacts, customers: pl.Series) -> Iterator[list[tuple[str, bytes]]]:
    for start in range(0, len(customers), BUCKET_CUSTOMERS):
        bucket = customers[start : start + BUCKET_CUSTOMERS]
        whole = zip(bucket.to_list(), contacts.histories(bucket), strict=True)
        while batch := list(islice(whole, BATCH_CUSTOMERS)):
            yield batch
