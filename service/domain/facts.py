"""What declared conditions may ask, answered from one situation."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING

from feature_repo.contract import FEATURES, Kind
from service.domain.once import once

if TYPE_CHECKING:
    from service.domain.situation import Situation

EPOCH = date(1970, 1, 1)

AGE = "age"
CHANNEL = "channel"
CONTEXT_NAMES = ("trigger", "intent", "device")
DAY_OF = {
    f"days_since_{f.name.removesuffix('_day')}": f.name
    for f in FEATURES
    if f.kind is Kind.NUMBER and f.name.endswith("_day")
}
"""What counts days, by the feature that holds the day: days_since_joined and its like."""
NUMBER_NAMES = (AGE, *DAY_OF, *(f.name for f in FEATURES if f.kind is Kind.NUMBER))
TEXT_NAMES = (
    *(f.name for f in FEATURES if f.kind is Kind.CATEGORY),
    CHANNEL,
    *CONTEXT_NAMES,
)


class SituationFacts:
    """Numbers, texts and holdings of the customer and the request; unknown stays unknown."""

    def __init__(self, situation: Situation, vocabulary: Mapping[str, int]) -> None:
        self._situation, self._vocabulary = situation, vocabulary
        self.numbers: Mapping[str, float] = _Numbers(situation)
        self.texts: Mapping[str, str | None] = _Texts(situation)

    def has_product(self, product_id: str) -> bool | None:
        """Whether she holds it; None when unknown, also for a product nobody knows."""
        code = self._vocabulary.get(product_id, -1)
        if code < 0:
            return None
        held = self._held[code]
        return None if math.isnan(held) else held > 0

    @once
    def _held(self) -> list[float]:
        held: list[float] = self._situation.customer.held.tolist()
        return held


class _Numbers(Mapping[str, float]):
    def __init__(self, situation: Situation) -> None:
        self._situation = situation

    def __getitem__(self, name: str) -> float:
        customer = self._situation.customer
        if name == AGE:
            age = customer.age_on(self._situation.local_date)
            return float("nan") if age is None else float(age)
        if customer.known is None:
            return float("nan")
        if name in DAY_OF:
            today = (self._situation.local_date - EPOCH).days
            return today - float(customer.known.numbers[DAY_OF[name]][0])
        return float(customer.known.numbers[name][0])

    def __iter__(self) -> Iterator[str]:
        return iter(NUMBER_NAMES)

    def __len__(self) -> int:
        return len(NUMBER_NAMES)


class _Texts(Mapping[str, str | None]):
    def __init__(self, situation: Situation) -> None:
        self._situation = situation

    def __getitem__(self, name: str) -> str | None:
        ask, known = self._situation.ask, self._situation.customer.known
        if name == CHANNEL:
            return ask.channel
        if name in CONTEXT_NAMES:
            return ask.context.get(name)
        if known is None:
            return None
        text: str | None = known.categories[name][0]
        return text

    def __iter__(self) -> Iterator[str]:
        return iter(TEXT_NAMES)

    def __len__(self) -> int:
        return len(TEXT_NAMES)
