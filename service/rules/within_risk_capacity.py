"""She can bear the loss."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import ClassVar

import numpy as np

from service.domain.columns import Mask
from service.domain.situation import Situation
from service.pipeline.stages import Explanation, OnMissing, Tier


class WithinRiskCapacity:
    """Permits an offer without investment risk, or one whose rating (the higher of the issuer's and
    the bank's own) her valid assessment reaches.
    """

    code: ClassVar[str] = "within_risk_capacity"
    tier: ClassVar[Tier] = Tier.SUITABILITY
    owner: ClassVar[str] = "compliance"
    legal_basis: ClassVar[str] = "NFRA Order 2025/7; MiFID II art. 25"
    text: ClassVar[Mapping[str, str]] = {
        "en": "The product is riskier than the customer's risk assessment allows, or she has none"
        " that is still valid.",
        "zh-CN": "产品风险等级高于客户风险评估所允许的等级，或客户没有有效的风险评估。",
    }
    on_missing: ClassVar[OnMissing] = OnMissing.DENY

    def permits(self, situation: Situation) -> Mask:
        """True where there is no rating, or rating ≤ capacity under an assessment still valid."""
        rating = situation.catalogue.risk_rating
        unrated: Mask = np.isnan(rating)
        if not _is_valid(situation):
            return unrated
        return unrated | (rating <= situation.customer.profile.risk_capacity)

    def explain(self, situation: Situation, row: int) -> Explanation:
        """Her capacity and the age of its assessment against the rating."""
        rating, profile = situation.catalogue.risk_rating[row], situation.customer.profile
        days = situation.catalogue.policy.suitability_valid_days
        capacity = profile.risk_capacity
        seen = "capacity unknown" if math.isnan(capacity) else f"capacity {capacity:g}"
        return Explanation(
            permitted=bool(self.permits(situation)[row]),
            seen=f"{seen}, assessed {_on(profile.risk_assessed_on)}",
            needed=(
                "no risk rating"
                if math.isnan(rating)
                else f"capacity {rating:g} or more, assessed within {days} days"
            ),
        )


def _is_valid(situation: Situation) -> bool:
    """An assessment dated in the future is none; one of today is."""
    assessed = situation.customer.profile.risk_assessed_on
    if assessed is None:
        return False
    age = (situation.local_date - assessed).days
    return 0 <= age <= situation.catalogue.policy.suitability_valid_days


def _on(day: date | None) -> str:
    return "at an unknown date" if day is None else f"on {day.isoformat()}"
