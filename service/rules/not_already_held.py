"""She does not hold the product yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from service.domain.columns import Mask
from service.domain.situation import Situation
from service.pipeline.stages import Explanation, OnMissing, Tier


class NotAlreadyHeld:
    """Permits an offer whose product she does not hold; repeatable offers and services outside the
    vocabulary always.
    """

    code: ClassVar[str] = "not_already_held"
    tier: ClassVar[Tier] = Tier.APPLICABILITY
    owner: ClassVar[str] = "product management"
    legal_basis: ClassVar[str] = "none: a courtesy to the customer"
    text: ClassVar[Mapping[str, str]] = {
        "en": "The customer already holds this product, or we do not know.",
        "zh-CN": "客户已持有该产品，或持有情况未知。",
    }
    on_missing: ClassVar[OnMissing] = OnMissing.DENY

    def permits(self, situation: Situation) -> Mask:
        """True where the product is known not to be held, where it can be bought again, or where
        it is no product.
        """
        codes = situation.product_codes
        unbound = situation.catalogue.repeatable | (codes < 0)
        held = situation.customer.held
        if not held.size:
            return unbound
        known_free: Mask = held.take(codes) == 0.0
        return unbound | known_free

    def explain(self, situation: Situation, row: int) -> Explanation:
        """The holding state seen."""
        code = situation.product_codes[row]
        permitted = bool(self.permits(situation)[row])
        if situation.catalogue.repeatable[row] or code < 0:
            return Explanation(permitted, "can be offered again", "none")
        held = situation.customer.held
        state = held[code] if held.size else np.nan
        seen = "unknown" if np.isnan(state) else ("held" if state > 0 else "not held")
        return Explanation(permitted, seen, "not held")
