"""Whether what the last load brought to Redis is of use to this service."""

from __future__ import annotations

from typing import Any, cast

import hiredis

from feature_repo.contract import contract_digest
from feature_repo.errors import StateUnreadable
from feature_repo.online_layout import Generation, decode_generation, generation_key
from service.adapters.redis_wire import RedisWire, WireError

WITHIN_SECONDS = 1.0


def misfit_of(standing: Generation, product_vocabulary: list[str]) -> str:
    """Why nothing of a load may be believed here; empty when it is for these products, in their
    order, under our contract.
    """
    # Which of the two is newer cannot be told from a digest.
    if standing.contract != contract_digest():
        return (
            "Redis was loaded under another feature contract and nothing is marketed: if this"
            " service is the older, start the version that loaded it; if it is the newer, run"
            " `nbo features materialize` with it"
        )
    if standing.product_vocabulary != product_vocabulary:
        return (
            "Redis was loaded for other products and nothing is marketed: restart the service if"
            " they are the home's own now, else run `nbo features materialize`"
        )
    return ""


class LoadedFeatures:
    """Asks for the marker of one bank's last load."""

    def __init__(self, wire: RedisWire, bank: str, product_vocabulary: tuple[str, ...]) -> None:
        self._wire, self._bank, self._vocabulary = wire, bank, list(product_vocabulary)

    async def misfit(self) -> str | None:
        """Why the load does not fit; empty when it does, or when there is none yet; None when
        nobody answers.
        """
        question = hiredis.pack_command(cast("Any", ("GET", generation_key(self._bank))))
        try:
            (marker,) = await self._wire.read(question, 1, within_seconds=WITHIN_SECONDS)
        except WireError:
            return None
        if not isinstance(marker, bytes):
            return "" if marker is None else None
        try:
            return misfit_of(decode_generation(self._bank, marker), self._vocabulary)
        except StateUnreadable as error:
            return f"{error}: run `nbo features materialize`"
