"""What declared conditions may ask, answered from one situation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from feature_repo.contract import FEATURES, Kind

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
        self._known = situation.customer.known

    def number(self, name: str) -> float:
        """A number of the contract, days since one of its days, or `age`; NaN when unknown."""
        if name == AGE:
            age = self._situation.age
            return math.nan if age is None else float(age)
        if self._known is None:
            return math.nan
        day = DAY_OF.get(name)
        if day is not None:
            return (self._situation.local_date - EPOCH).days - self._known.number(day)
        return self._known.number(name)

    def text(self, name: str) -> str | None:
        """A category of the contract or what the request says; None when unknown."""
        if name == CHANNEL:
            return self._situation.ask.channel
        if name in CONTEXT_NAMES:
            return self._situation.ask.context.get(name)
        if self._known is None:
            return None
        text: str | None = self._known.categories[name][0]
        return text

    def has_product(self, product_id: str) -> bool | None:
        """Whether she holds it; None when unknown, also for a product nobody knows."""
        code = self._vocabulary.get(product_id, -1)
        if code < 0:
            return None
        held: float = self._situation.customer.held.item(code)
        return None if math.isnan(held) else held > 0
