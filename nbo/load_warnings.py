"""What a load under a changed feature contract does to services that run, told beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import cast

from redis import Redis

from feature_repo.contract import contract_digest
from feature_repo.errors import StateUnreadable
from feature_repo.online_layout import decode_generation, generation_key
from model_registry.contract_fit import fits_contract
from model_registry.errors import RegistryError
from model_registry.home import Home
from model_registry.store import ModelStore
from training.features.redis_master import master_url

_MEANWHILE = "services that run under that one market nothing from this load on"


def load_warnings(home: Home, redis_url: str) -> Iterator[str]:
    """One line each: Redis, or the champion, is of another feature contract than ours."""
    if _stands_under_another_contract(home.bank().bank, redis_url):
        yield (
            f"what Redis holds was loaded under another feature contract: {_MEANWHILE}, and are"
            " not ready: start them again with this version once a champion of it is promoted"
        )
    champion = _unfit_champion(home)
    if champion is not None:
        yield (
            f"the champion {champion} was trained under another feature contract: {_MEANWHILE},"
            " and those of this version have no model: `nbo train` and `nbo models promote`, then"
            " start the services again"
        )


def _stands_under_another_contract(bank: str, redis_url: str) -> bool:
    with Redis.from_url(master_url(redis_url), protocol=2) as client:
        marker = cast("bytes | None", client.get(generation_key(bank)))
    with suppress(StateUnreadable):
        return marker is not None and decode_generation(bank, marker).contract != contract_digest()
    return False


def _unfit_champion(home: Home) -> str | None:
    """The promoted bundle if it is of another contract; a damaged one is not judged here."""
    store = ModelStore(home)
    with suppress(RegistryError):
        champion = store.champion()
        if champion is not None and not fits_contract(store.manifest(champion)):
            return champion
    return None
