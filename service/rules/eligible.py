"""She meets the declared terms of the offer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from service.domain.columns import Mask
from service.domain.situation import Situation
from service.pipeline.stages import Explanation, OnMissing, Tier


class Eligible:
    """Permits an offer whose declared eligibility holds for certain."""

    code: ClassVar[str] = "eligible"
    tier: ClassVar[Tier] = Tier.ELIGIBILITY
    owner: ClassVar[str] = "product management"
    legal_basis: ClassVar[str] = "terms of the product"
    text: ClassVar[Mapping[str, str]] = {
        "en": "The customer does not meet the product's terms, or we do not know.",
        "zh-CN": "客户不符合产品条件，或相关信息未知。",
    }
    on_missing: ClassVar[OnMissing] = OnMissing.DENY

    def permits(self, situation: Situation) -> Mask:
        """True where the condition is true; unknown denies."""
        return situation.meets.eligibility

    def explain(self, situation: Situation, row: int) -> Explanation:
        """The facts the condition asks for, and the condition as the bank wrote it."""
        conditions = situation.catalogue.eligibility
        return Explanation(
            permitted=bool(self.permits(situation)[row]),
            seen=conditions.seen(row, situation.facts) or "nothing asked",
            needed=conditions.text(row) or "no condition",
        )
