"""A vulnerable customer is not sold what could hurt her."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from service.domain.columns import Mask
from service.domain.situation import Situation
from service.pipeline.stages import Explanation, OnMissing, Tier


class SafeForVulnerable:
    """Permits an offer open to vulnerable customers, and any to one known not to be vulnerable."""

    code: ClassVar[str] = "safe_for_vulnerable"
    tier: ClassVar[Tier] = Tier.SUITABILITY
    owner: ClassVar[str] = "conduct"
    legal_basis: ClassVar[str] = "FCA FG21/1; PRC consumer protection rules (NFRA 2022/9)"
    text: ClassVar[Mapping[str, str]] = {
        "en": "The product is not offered to customers who need special care, or may need it.",
        "zh-CN": "该产品不向需要特别关怀的客户推荐。",
    }
    on_missing: ClassVar[OnMissing] = OnMissing.DENY

    def permits(self, situation: Situation) -> Mask:
        """True everywhere for who is known not to be vulnerable, else where the offer is safe."""
        if situation.customer.profile.is_vulnerable is False:
            return situation.catalogue.everything
        return situation.catalogue.open_to_vulnerable

    def explain(self, situation: Situation, row: int) -> Explanation:
        """What is known of her, never to be shown to the customer herself."""
        known = situation.customer.profile.is_vulnerable
        seen = {True: "vulnerable", False: "not vulnerable", None: "unknown"}[known]
        safe = situation.catalogue.open_to_vulnerable[row]
        return Explanation(
            permitted=bool(self.permits(situation)[row]),
            seen=seen,
            needed="anybody" if safe else "known not to be vulnerable",
        )
