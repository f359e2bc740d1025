"""The offer makes sense for her now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from service.domain.columns import Mask
from service.domain.situation import Situation
from service.pipeline.stages import Explanation, OnMissing, Tier


class Applicable:
    """Permits an offer whose declared applicability holds; where it cannot be told, as the bank
    declared beside the condition.
    """

    code: ClassVar[str] = "applicable"
    tier: ClassVar[Tier] = Tier.APPLICABILITY
    owner: ClassVar[str] = "marketing"
    legal_basis: ClassVar[str] = "none: the bank's own judgement of what helps"
    text: ClassVar[Mapping[str, str]] = {
        "en": "The offer does not fit the customer's circumstances at the moment.",
        "zh-CN": "该产品目前不适合客户的情况。",
    }
    on_missing: ClassVar[OnMissing] = OnMissing.ALLOW

    def permits(self, situation: Situation) -> Mask:
        """True where the condition is true, or unknown and declared `on_missing: allow`."""
        return situation.meets.applicability

    def explain(self, situation: Situation, row: int) -> Explanation:
        """The facts the condition asks for, and the condition as the bank wrote it."""
        conditions = situation.catalogue.applicability
        text = conditions.text(row)
        allows = not conditions.denied_when_unknown()[row]
        return Explanation(
            permitted=bool(self.permits(situation)[row]),
            seen=conditions.seen(row, situation.facts) or "nothing asked",
            needed="no condition" if text is None else text + (" or unknown" if allows else ""),
        )
