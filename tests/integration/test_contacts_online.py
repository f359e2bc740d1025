"""Which contact history a load and a rebuild bring online."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from redis import Redis

from feature_repo.contact_layout import (
    KEPT_SECONDS,
    OPTED_OUT_SECONDS,
    ContactEvent,
    ContactReason,
    Entries,
    OfferNames,
    answer_key,
    contact_header,
    contact_key,
    decision_key,
    decode_contacts,
    name_key,
    placement_key,
)
from feature_repo.contract import CHANNELS
from feature_repo.errors import LoadRefused
from feature_repo.online_layout import generation_key
from service.errors import RecordDamaged
from tests.built_bank import built
from tests.contact_worlds import entry
from tests.killed_child import killed_at
from tests.toy_bank import BANK, CUSTOMERS, DATA_UNTIL, instant, toy_tables
from training.features import online_contacts
from training.features.contact_rebuild import rebuild_contacts
from training.features.online import materialize
from training.tables.store import TableStore

SHOWN = instant(date(2024, 6, 1))


def contact(contact_id: str = "k1", **changes: object) -> dict[str, object]:
    plain = {
        "contact_id": contact_id,
        "customer_id": "c01",
        "offer_id": "buy_fund",
        "product_id": "fund",
        "channel": "sms",
        "placement": "message",
        "shown_at": SHOWN,
        "outcome": None,
        "outcome_at": None,
        "reason": None,
    }
    return plain | changes


def contacts(*rows: dict[str, object]) -> pl.DataFrame:
    texts = dict.fromkeys(("placement", "outcome", "reason"), pl.String)
    instants = {"outcome_at": pl.Datetime("us", "UTC")}
    return pl.DataFrame(list(rows), schema_overrides=texts | instants)


def history(redis: Redis, customer_id: str = "c01") -> Entries:
    return decode_contacts(BANK, customer_id, redis.get(contact_key(BANK, customer_id)))


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    told = contact("k2", outcome="reject", outcome_at=SHOWN + timedelta(1), reason="has_elsewhere")
    long_ago = SHOWN - timedelta(seconds=KEPT_SECONDS)
    table = contacts(contact(), told, contact("k0", shown_at=long_ago))
    return built(tmp_path_factory.mktemp("bank"), contacts=table)


def test_a_load_writes_what_was_shown_and_answered_and_a_bare_history_for_all_others(
    bank, address, redis
):
    catalogue = {"buy_fund": OfferNames("funds", "wealth")}
    materialize(bank, address, offers=catalogue)

    seen, also_seen, answered = history(redis)
    assert seen["at"] == SHOWN.timestamp()
    assert (seen["event"], answered["event"]) == (ContactEvent.IMPRESSION, ContactEvent.REJECT)
    assert answered["at"] == SHOWN.timestamp() + 86_400
    assert answered["reason"] == ContactReason.HAS_ELSEWHERE
    assert answered["decision"] == also_seen["decision"] == decision_key("k2")
    assert seen["offer"] == name_key("buy_fund")
    assert (seen["group"], seen["line"]) == (name_key("funds"), name_key("wealth"))
    assert seen["placement"] == placement_key("sms", "message")
    assert (seen["channel"], seen["is_marketing"]) == (CHANNELS.index("sms"), 1)
    others = [redis.get(contact_key(BANK, c)) for c in CUSTOMERS if c != "c01"]
    assert others == [contact_header(BANK, c) for c in CUSTOMERS if c != "c01"]


def test_an_offer_no_catalogue_knows_belongs_to_its_products_group(bank, address, redis):
    materialize(bank, address)

    assert {int(one["group"]) for one in history(redis)} == {name_key("all")}


def test_every_contact_of_a_whole_table_lies_in_its_customers_history_in_the_order_of_time(
    tmp_path, address, redis
):
    materialize(built(tmp_path), address)

    table = toy_tables()["contacts"]
    for customer in CUSTOMERS:
        entries = history(redis, customer)
        own = table.filter(pl.col("customer_id") == customer)
        assert (np.diff(entries["at"]) >= 0).all()
        shown = entries[entries["event"] == ContactEvent.IMPRESSION]
        assert set(shown["decision"].tolist()) == set(map(decision_key, own["contact_id"]))
        assert len(entries) == len(shown) + own["outcome"].drop_nulls().len()


def test_an_opt_out_is_loaded_and_kept_for_longer_than_all_else(tmp_path, address, redis):
    two_years = SHOWN - timedelta(days=730)
    said = {"outcome_at": two_years, "shown_at": two_years}
    table = contacts(
        contact("k1", outcome="opted_out", **said), contact("k2", outcome="reject", **said)
    )
    materialize(built(tmp_path, contacts=table), address)

    _, opted_out = history(redis)
    assert opted_out["event"] == ContactEvent.OPTED_OUT
    assert opted_out["until"] == opted_out["at"] + OPTED_OUT_SECONDS


def test_a_repeated_load_keeps_what_the_service_wrote_since(bank, address, redis):
    materialize(bank, address)
    live = entry(SHOWN.timestamp(), event=ContactEvent.DECISION, decision=5)
    redis.append(contact_key(BANK, "c01"), live.tobytes())
    materialize(bank, address)

    assert history(redis)[-1] == live


def test_another_load_leaves_no_history_and_no_answer_of_the_former_bank(
    bank, tmp_path, address, redis
):
    materialize(bank, address)
    answer = answer_key(BANK, "c01", b"slot")
    redis.set(contact_key(BANK, "gone"), contact_header(BANK, "gone"))
    redis.set(answer, b"x")
    redis.set(contact_key("other", "c01"), b"x")
    materialize(built(tmp_path), address)

    assert not redis.exists(contact_key(BANK, "gone"), answer)
    assert redis.exists(contact_key("other", "c01"))


def test_a_rebuild_makes_the_histories_anew_from_the_table_and_the_log(bank, address, redis):
    materialize(bank, address)
    redis.set(contact_key(BANK, "c02"), contact_header(BANK, "c02") + b"\0" * 44)
    redis.delete(contact_key(BANK, "c03"))
    reported = entry(SHOWN.timestamp() + 60, decision=7)
    marker = redis.get(generation_key(BANK))

    markers = []

    def logged() -> Iterator[tuple[str, np.void]]:
        markers.append(redis.get(generation_key(BANK)))
        yield "c01", reported
        yield "stranger", reported
        yield "c01", reported

    rebuilt = rebuild_contacts(bank, address, logged)

    assert markers == [marker, None]
    assert (rebuilt.customers, rebuilt.logged) == (len(CUSTOMERS), 3)
    assert len(history(redis)) == 4
    assert history(redis)[-1] == reported
    assert history(redis, "stranger").tolist() == [reported.item()]
    assert len(history(redis, "c02")) == len(history(redis, "c03")) == 0
    assert redis.get(generation_key(BANK)) == marker


def test_nothing_is_changed_when_the_log_cannot_be_read_to_its_end(bank, address, redis):
    materialize(bank, address)
    before = {key: redis.dump(key) for key in redis.scan_iter(b"*")}

    def logged() -> Iterator[tuple[str, np.void]]:
        yield "c01", entry(SHOWN.timestamp() + 60, decision=7)
        raise RecordDamaged("w0", 7, "its payload is not what was written")

    with pytest.raises(RecordDamaged, match="record 7 of writer w0"):
        rebuild_contacts(bank, address, logged)
    assert {key: redis.dump(key) for key in redis.scan_iter(b"*")} == before


def test_nothing_is_changed_when_the_tables_cannot_be_read(tmp_path, address, redis):
    bank = built(tmp_path)
    materialize(bank, address)
    before = {key: redis.dump(key) for key in redis.scan_iter(b"*")}
    damaged = TableStore(bank).path("contacts")
    damaged.write_bytes(damaged.read_bytes()[:-20] + bytes(20))

    with pytest.raises(LoadRefused, match="tables of bank toy cannot be read"):
        rebuild_contacts(bank, address, list)
    assert {key: redis.dump(key) for key in redis.scan_iter(b"*")} == before


def test_the_log_is_added_to_a_load_too(bank, address, redis):
    reported = entry(SHOWN.timestamp() + 60, decision=7)
    materialize(bank, address, logged=[("c02", reported)])

    assert history(redis, "c02").tolist() == [reported.item()]


def test_a_rebuild_of_a_bank_that_is_not_loaded_is_refused(bank, address, redis):
    with pytest.raises(LoadRefused, match="nbo features materialize"):
        rebuild_contacts(bank, address, list)


@pytest.mark.parametrize(
    "point", ["rebuild.before_clear", "materialize.mid_contacts", "rebuild.before_log"]
)
def test_a_killed_rebuild_leaves_no_marker_and_the_next_load_repairs_all(
    bank, address, redis, point
):
    materialize(bank, address)
    whole = {key: redis.dump(key) for key in redis.scan_iter(b"nbo:*:contacts")}

    killed_at(point, rebuild_in_small_batches, bank, address)
    assert redis.get(generation_key(BANK)) is None

    materialize(bank, address)
    assert {key: redis.dump(key) for key in redis.scan_iter(b"nbo:*:contacts")} == whole
    assert redis.get(generation_key(BANK)) is not None


def rebuild_in_small_batches(bank, address):
    """For a child only: what it sets is gone with it."""
    online_contacts.BATCH_CUSTOMERS = 7
    rebuild_contacts(bank, address, list)


def test_the_toy_contacts_are_recent_enough_to_be_kept():
    assert (DATA_UNTIL - SHOWN.date()).days * 86_400 < KEPT_SECONDS
