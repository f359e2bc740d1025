"""The online store over a real Redis: what a load wrote, what it did not, and what broke."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from time import perf_counter
from typing import get_args

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from redis import Redis

from feature_repo.contact_layout import (
    answer_head,
    answer_key,
    contact_header,
    contact_key,
    encode_contacts,
)
from feature_repo.online_layout import (
    ConsentPurpose,
    consent_key,
    encode_consents,
    feast_key,
    generation_key,
    timestamp_field,
)
from service.adapters.customer_decoder import CustomerDecoder
from service.adapters.redis_customer_store import RedisCustomerStore
from service.domain.consent import ConsentMode, ConsentStatus, Purpose, allows
from service.ports import CustomerRecord
from tests.contact_worlds import entry, history
from tests.faults.loaded_store import BANK, VOCABULARY, StoreUnderTest, marker

CUSTOMER = "client-4711"
PATIENCE = 5.0
"""Seconds a busy machine does not use up."""


@dataclass(kw_only=True)
class Store(StoreUnderTest):
    """The adapter under test and the server behind it."""

    redis: Redis

    def read(self, customer_id: str = CUSTOMER) -> CustomerRecord:
        return self.run(lambda store: store.read(customer_id, within_seconds=PATIENCE))

    def load(self) -> None:
        self.mark()
        self.consents(CUSTOMER, {"*/outbound": "given"})
        stamp = Timestamp(seconds=int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()))
        name = timestamp_field("product_holdings")
        self.redis.hset(feast_key(BANK, CUSTOMER), name, stamp.SerializeToString())

    def mark(self, **changes: str | list[str]) -> None:
        self.redis.set(generation_key(BANK), marker(**changes))

    def consents(self, customer_id: str, consents: dict) -> None:
        state = encode_consents(BANK, customer_id, consents)
        self.redis.set(consent_key(BANK, customer_id), state)


@pytest.fixture
def store(address: str, redis: Redis) -> Store:
    return Store(address, redis=redis)


def test_reads_features_consents_and_marker_in_one_round_trip(store: Store) -> None:
    store.load()
    record = store.read()
    assert (record.reachable, record.is_loaded) == (True, True)
    assert record.features is not None
    assert record.features.event_days["product_holdings"][0] == 20_454.0
    assert record.consents is not None
    assert record.consents.status("sms", Purpose.OUTBOUND) is ConsentStatus.GIVEN
    assert store.count("ok") == 1.0


def test_reads_the_contact_history_and_a_kept_answer_along_and_says_byte_for_byte_what_it_read(
    store: Store,
) -> None:
    store.load()
    told = history([entry(1.0)])
    stored = encode_contacts(BANK, CUSTOMER, told)
    store.redis.set(contact_key(BANK, CUSTOMER), stored)
    answer = answer_head(BANK, CUSTOMER, b"digest") + b"the answer"
    store.redis.set(answer_key(BANK, CUSTOMER, b"slot"), answer)

    async def with_slot(adapter: RedisCustomerStore) -> CustomerRecord:
        return await adapter.read(CUSTOMER, within_seconds=PATIENCE, slot=b"slot")

    record = store.run(with_slot)
    assert record.kept == (b"digest", b"the answer")
    assert record.contacts is not None
    assert record.contacts.tolist() == told.tolist()
    assert store.read().kept is None
    assert record.raw is not None
    assert record.raw.contacts == stored
    assert record.raw.marker == store.redis.get(generation_key(BANK))
    again = CustomerDecoder(BANK, VOCABULARY).record(CUSTOMER, record.raw)
    assert again.consents == record.consents
    assert again.is_loaded
    assert again.contacts.tolist() == told.tolist()


def test_a_history_nobody_wrote_is_unknown_and_an_empty_one_is_not(store: Store) -> None:
    store.load()
    assert store.read().contacts is None
    store.redis.set(contact_key(BANK, CUSTOMER), contact_header(BANK, CUSTOMER))
    contacts = store.read().contacts
    assert contacts is not None
    assert len(contacts) == 0


def test_a_stranger_has_neither_features_nor_consents(store: Store) -> None:
    store.load()
    record = store.read("nobody")
    assert (record.reachable, record.is_loaded) == (True, True)
    assert (record.features, record.consents) == (None, None)


def test_an_empty_store_is_not_a_loaded_one(store: Store) -> None:
    assert not store.read().is_loaded


def test_a_load_under_another_vocabulary_or_contract_does_not_count(store: Store) -> None:
    store.load()
    store.mark(product_vocabulary=["card", "account"])
    assert not store.read().is_loaded
    store.mark(contract="another")
    assert not store.read().is_loaded
    store.mark(fingerprint="f" * 64)
    assert store.read().is_loaded


def test_unreadable_consents_allow_nothing_under_either_default(store: Store) -> None:
    store.load()
    unreadable = {f"*/{purpose}": "unreadable" for purpose in Purpose}
    store.consents("ghost", unreadable)
    record = store.read("ghost")
    assert record.features is None
    assert record.consents is not None
    for purpose, mode in product(Purpose, ConsentMode):
        assert not allows(record.consents.status("sms", purpose), mode)


def test_the_layout_knows_every_purpose_of_the_service() -> None:
    assert set(get_args(ConsentPurpose)) == set(Purpose)


@pytest.mark.parametrize("break_it", ["foreign", "damaged", "marker", "contacts", "torn"])
def test_what_cannot_be_believed_counts_as_unreachable(store: Store, break_it: str) -> None:
    store.load()
    if break_it == "foreign":
        state = encode_consents(BANK, "somebody-else", {})
        store.redis.set(consent_key(BANK, CUSTOMER), state)
    elif break_it == "damaged":
        store.redis.set(consent_key(BANK, CUSTOMER), b"\xc1")
    elif break_it == "contacts":
        store.redis.set(contact_key(BANK, CUSTOMER), contact_header(BANK, "somebody-else"))
    elif break_it == "torn":
        store.redis.set(contact_key(BANK, CUSTOMER), contact_header(BANK, CUSTOMER) + b"x")
    else:
        store.redis.set(generation_key(BANK), b"{")
    assert not store.read().reachable
    assert store.count("unreadable") == 1.0
    assert CUSTOMER not in store.log


def test_bytes_that_are_no_features_make_their_view_undecodable(store: Store) -> None:
    store.load()
    store.redis.hset(feast_key(BANK, CUSTOMER), timestamp_field("product_holdings"), b"\xff")
    assert store.read().undecodable_views == ("product_holdings",)


def test_a_key_of_another_type_is_unreachable_and_named_in_no_log(store: Store) -> None:
    store.load()
    store.redis.delete(consent_key(BANK, CUSTOMER))
    store.redis.rpush(consent_key(BANK, CUSTOMER), "x")
    assert not store.read().reachable
    assert "StateUnreadable" in store.log
    assert CUSTOMER not in store.log


def test_a_server_that_is_gone_costs_milliseconds_and_one_log_line() -> None:
    store = Store("redis://127.0.0.1:1/0", redis=Redis())

    async def twice(adapter: RedisCustomerStore) -> list[CustomerRecord]:
        return [
            await adapter.read(CUSTOMER, within_seconds=0.025),
            await adapter.read(CUSTOMER, within_seconds=0.025),
        ]

    started = perf_counter()
    records = store.run(twice)
    assert perf_counter() - started < 1.0
    assert not any(record.reachable for record in records)
    assert store.count("unreachable") == 2.0
    assert len(store.log.splitlines()) == 1


def test_a_frozen_server_costs_one_timeout_and_is_believed_again_afterwards(store: Store) -> None:
    store.load()
    server = int(store.redis.info("server")["process_id"])

    async def around_a_freeze(adapter: RedisCustomerStore) -> list[bool]:
        seen = [(await adapter.read(CUSTOMER, within_seconds=PATIENCE)).reachable]
        os.kill(server, signal.SIGSTOP)
        try:
            seen.append((await adapter.read(CUSTOMER, within_seconds=0.025)).reachable)
        finally:
            os.kill(server, signal.SIGCONT)
        for _ in range(50):
            seen.append((await adapter.read(CUSTOMER, within_seconds=PATIENCE)).reachable)
            if seen[-1]:
                break
        return seen

    seen = store.run(around_a_freeze)
    assert seen[:2] == [True, False]
    assert seen[-1]
