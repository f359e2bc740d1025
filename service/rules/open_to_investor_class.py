"""The product is sold to investors of her class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from service.domain.columns import Mask
from service.domain.situation import Situation
from service.pipeline.stages import Explanation, OnMissing, Tier


class OpenToInvestorClass:
    """Permits an offer open to every class, or to the class she is known to be in."""

    code: ClassVar[str] = "open_to_investor_class"
    tier: ClassVar[Tier] = Tier.SUITABILITY
    owner: ClassVar[str] = "compliance"
    legal_basis: ClassVar[str] = "MiFID II annex II; CSRC investor suitability measures"
    text: ClassVar[Mapping[str, str]] = {
        "en": "The product is not open to investors of the customer's class, or we do not know it.",
        "zh-CN": "该产品不面向该类投资者，或投资者类别未知。",
    }
    on_missing: ClassVar[OnMissing] = OnMissing.DENY

    def permits(self, situation: Situation) -> Mask:
        """True where every class, or hers, is allowed."""
        catalogue = situation.catalogue
        hers = catalogue.investor_classes.get(situation.customer.profile.investor_class or "")
        return catalogue.unrestricted if hers is None else hers

    def explain(self, situation: Situation, row: int) -> Explanation:
        """Her class and the classes the offer is open to."""
        classes = situation.catalogue.investor_classes
        open_to = [name for name, mask in classes.items() if mask[row]]
        anybody = len(open_to) == len(classes)
        return Explanation(
            permitted=bool(self.permits(situation)[row]),
            seen=situation.customer.profile.investor_class or "unknown class",
            needed="any class" if anybody else f"one of {', '.join(open_to) or 'no class'}",
        )
