"""Removes what former loads of a bank left in Redis."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from redis import Redis

from feature_repo.contact_layout import customer_of_contact_key
from feature_repo.online_layout import KEY_PREFIX, customer_of_consent_key, customer_of_key
from model_registry.failpoints import reach

BATCH_KEYS = 2_000


def clear(redis: Redis, bank: str) -> None:
    """Delete all features, consents and contacts of the bank: a load overwrites fields, but removes
    none.
    """
    _delete(redis, KEY_PREFIX + b"*", lambda key: customer_of_key(bank, key))
    reach("materialize.mid_clear")
    _delete(redis, b"nbo:*:consent", lambda key: customer_of_consent_key(bank, key))
    clear_contacts(redis, bank)


def clear_contacts(redis: Redis, bank: str) -> None:
    """Delete all contact histories of the bank, and the answers kept beside them."""
    for kind in (b"contacts", b"answer:*"):
        _delete(redis, b"nbo:*:" + kind, lambda key: customer_of_contact_key(bank, key))


def _delete(redis: Redis, pattern: bytes, customer_of: Callable[[bytes], str | None]) -> None:
    found = redis.scan_iter(pattern, count=BATCH_KEYS)
    own = (key for key in found if customer_of(key) is not None)
    while keys := list(islice(own, BATCH_KEYS)):
        redis.unlink(*keys)
