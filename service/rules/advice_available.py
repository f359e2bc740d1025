"""Somebody can advise where the product may be sold with advice only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from service.domain.columns import Mask
from service.domain.situation import Situation
from service.pipeline.stages import Explanation, OnMissing, Tier


class AdviceAvailable:
    """Permits an execution-only offer anywhere, an advised one where a person advises."""

    code: ClassVar[str] = "advice_available"
    tier: ClassVar[Tier] = Tier.SUITABILITY
    owner: ClassVar[str] = "compliance"
    legal_basis: ClassVar[str] = "MiFID II art. 25(2); CBIRC product sales rules"
    text: ClassVar[Mapping[str, str]] = {
        "en": "The product needs advice, and nobody advises in this channel.",
        "zh-CN": "该产品须经顾问推荐，而本渠道无顾问。",
    }
    on_missing: ClassVar[OnMissing] = OnMissing.DENY

    def permits(self, situation: Situation) -> Mask:
        """True where no advice is needed, everywhere in a channel that advises."""
        if situation.channel.advises:
            return situation.catalogue.everything
        return ~situation.catalogue.advice_only

    def explain(self, situation: Situation, row: int) -> Explanation:
        """Whether this channel advises and the offer needs it."""
        advised = situation.catalogue.advice_only[row]
        manner = "advises" if situation.channel.advises else "does not advise"
        return Explanation(
            permitted=bool(self.permits(situation)[row]),
            seen=f"{situation.ask.channel} {manner}",
            needed="a channel that advises" if advised else "any channel",
        )
