"""One customer's features as they are stored online and as a model would see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from redis import Redis

from model_registry.home import BankIdentity, Home
from model_registry.store import ModelStore
from nbo.errors import CommandError

if TYPE_CHECKING:
    from feature_repo.raw_features import RawFeatures
    from feature_repo.transforms import ColumnLayout


def stored_features(home: Home, redis_url: str, customer_id: str) -> dict[str, dict[str, object]]:
    """View ages, stored values and model columns, read by the service's own reader.

    `CommandError` when nothing is stored; categories are coded as the champion learned them.
    """
    from service.bootstrap import open_clock
    from service.settings import Settings
    from training.features.show import describe

    bank = home.bank()
    raw = _read(redis_url, bank, customer_id)
    return describe(raw, open_clock(Settings(), bank).as_of(), _layout(home, bank))


def _read(redis_url: str, bank: BankIdentity, customer_id: str) -> RawFeatures:
    from service.adapters.feast_layout_reader import FeastLayoutReader

    reader = FeastLayoutReader(bank.bank, len(bank.product_vocabulary))
    with Redis.from_url(redis_url, protocol=2) as client:
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


def _layout(home: Home, bank: BankIdentity) -> ColumnLayout:
    from feature_repo.transforms import ColumnLayout

    store = ModelStore(home)
    champion = store.champion()
    levels = store.manifest(champion).category_levels if champion else {}
    return ColumnLayout(
        tuple(bank.product_vocabulary), {name: tuple(known) for name, known in levels.items()}
    )
