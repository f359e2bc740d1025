"""Which consents a load brings online."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import get_args

import polars as pl
import pytest
from redis import Redis

from feature_repo.online_layout import (
    ConsentPurpose,
    consent_key,
    decode_consents,
    feast_key,
)
from tests.built_bank import built
from tests.toy_bank import BANK, SNAPSHOTS, install, instant, toy_tables
from training.features.online import materialize
from training.features.recorded_consents import recorded_consents
from training.tables.store import TableStore


def consent(
    status: str,
    day: date,
    channel: str = "sms",
    *,
    customer: str = "c01",
    purpose: str = "outbound",
) -> dict[str, object]:
    return {
        "customer_id": customer,
        "channel": channel,
        "purpose": purpose,
        "status": status,
        "recorded_at": instant(day),
    }


def consents_of(redis: Redis, customer_id: str) -> dict[str, str]:
    return decode_consents(BANK, customer_id, redis.get(consent_key(BANK, customer_id)))


@pytest.mark.parametrize(
    ("blanket", "own", "counts"),
    [
        (("refused", 2), ("given", 0), {"*/outbound": "refused"}),
        (("given", 2), ("refused", 0), {"*/outbound": "given"}),
        (("refused", 0), ("given", 2), {"*/outbound": "refused", "sms/outbound": "given"}),
        (("given", 2), ("refused", 2), {"*/outbound": "given", "sms/outbound": "refused"}),
        (("refused", 2), ("given", 2), {"*/outbound": "refused"}),
    ],
)
def test_the_later_of_own_and_blanket_consent_counts_and_refusal_wins_a_tie(
    tmp_path: Path, blanket, own, counts
):
    rows = [consent(own[0], SNAPSHOTS[own[1]]), consent(blanket[0], SNAPSHOTS[blanket[1]], "*")]
    home = install(tmp_path, {**toy_tables(), "consents": pl.DataFrame(rows)})

    assert recorded_consents(TableStore(home)) == {"c01": counts}


def test_who_has_an_unreadable_consent_is_unreadable_for_every_purpose(tmp_path, address, redis):
    given = [consent("given", SNAPSHOTS[0], channel) for channel in ("*", "sms")]
    unread = pl.DataFrame({"customer_id": ["c01", "ghost"]})
    home = built(tmp_path, consents=pl.DataFrame(given), unreadable_consents=unread)
    materialize(home, address)

    expected = {f"*/{purpose}": "unreadable" for purpose in get_args(ConsentPurpose)}
    assert consents_of(redis, "c01") == expected
    assert consents_of(redis, "ghost") == expected


def test_a_customer_of_whom_only_a_refusal_is_known_has_a_state_and_loses_it_with_the_refusal(
    tmp_path, address, redis
):
    refusal = consent("refused", SNAPSHOTS[0], "*", customer="ghost", purpose="display")
    materialize(built(tmp_path / "first", consents=pl.DataFrame([refusal])), address)

    assert consents_of(redis, "ghost") == {"*/display": "refused"}
    assert not redis.exists(feast_key(BANK, "ghost"))

    materialize(built(tmp_path / "second"), address)

    assert not redis.exists(consent_key(BANK, "ghost"))


def test_the_consent_recorded_last_counts_and_silence_is_an_empty_record(tmp_path, address, redis):
    january, march = SNAPSHOTS[0], SNAPSHOTS[2]
    consents = pl.DataFrame(
        [consent("given", march), consent("refused", january), consent("refused", march, "*")]
    )
    materialize(built(tmp_path, consents=consents), address)

    assert consents_of(redis, "c01") == {"*/outbound": "refused"}
    assert consents_of(redis, "c02") == {}
