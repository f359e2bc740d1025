"""One customer's features as they are stored online and as a model would see them."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from redis import Redis

from feature_repo.contract import VIEWS, contract_digest
from feature_repo.errors import StateUnreadable
from feature_repo.online_layout import decode_generation, generation_key
from model_registry.home import BankIdentity, Home
from model_registry.manifest import BundleManifest
from model_registry.store import ModelStore
from nbo.errors import CommandError

if TYPE_CHECKING:
    from feature_repo.raw_features import RawFeatures
    from feature_repo.transforms import ColumnLayout


def stored_features(home: Home, redis_url: str, customer_id: str) -> dict[str, dict[str, object]]:
    """View ages, stored values and model columns, read by the service's own reader.

    `CommandError` when nothing is stored; categories are coded, and views missed, as the champion
    learned them.
    """
    from service.bootstrap import open_clock
    from service.domain.freshness import assess_freshness
    from service.settings import Settings
    from training.features.show import describe

    bank = home.bank()
    raw = _read(redis_url, bank, customer_id)
    as_of = open_clock(Settings(), bank).as_of()
    champion = _champion(home)
    fresh = assess_freshness(
        raw,
        as_of_days=as_of.timestamp() / 86_400.0,
        expected_views=tuple(champion.views_with_data) if champion else (),
    )
    notes: dict[str, object] = {
        "degraded_reasons": list(fresh.reasons),
        "never_loaded": never_loaded(raw, bank),
    }
    return {"freshness": notes} | describe(raw, fresh.features, as_of, _layout(bank, champion))


def never_loaded(raw: RawFeatures, bank: BankIdentity) -> list[str]:
    """The views that hold nothing of this customer (n = 1) although the bank has their table."""
    return [
        view.name
        for view in VIEWS
        if bank.row_counts.get(view.source_table, 0) and math.isnan(raw.event_days[view.name][0])
    ]


def _read(redis_url: str, bank: BankIdentity, customer_id: str) -> RawFeatures:
    from service.adapters.feast_layout_reader import FeastLayoutReader

    reader = FeastLayoutReader(bank.bank, len(bank.product_vocabulary))
    with Redis.from_url(redis_url, protocol=2) as client:
        _require_load(cast("bytes | None", client.get(generation_key(bank.bank))), bank)
        reply = client.execute_command("HMGET", reader.key(customer_id), *reader.fields)
    values = cast("list[bytes | None]", reply)
    if all(value is None for value in values):
        raise CommandError(
            f"no features of this customer are online for bank {bank.bank}: check the id, or run"
            " `nbo features materialize`"
        )
    decoded = reader.decode(values)
    if decoded.undecodable:
        raise CommandError(
            f"stored values of {', '.join(decoded.undecodable)} cannot be read: run"
            " `nbo features materialize`"
        )
    return decoded.raw


def _require_load(marker: bytes | None, bank: BankIdentity) -> None:
    """Values of another load may be lists in another order: they are not shown."""
    expected = (bank.product_vocabulary, bank.fingerprint, contract_digest())
    if marker is not None:
        with suppress(StateUnreadable):
            found = decode_generation(bank.bank, marker)
            if (found.product_vocabulary, found.fingerprint, found.contract) == expected:
                return
    raise CommandError(
        f"what is online is not bank {bank.bank} as this home has it: run"
        " `nbo features materialize`"
    )


def _champion(home: Home) -> BundleManifest | None:
    store = ModelStore(home)
    bundle_id = store.champion()
    return store.manifest(bundle_id) if bundle_id else None


def _layout(bank: BankIdentity, champion: BundleManifest | None) -> ColumnLayout:
    from feature_repo.transforms import ColumnLayout

    levels = champion.category_levels if champion else {}
    return ColumnLayout(
        tuple(bank.product_vocabulary), {name: tuple(known) for name, known in levels.items()}
    )
