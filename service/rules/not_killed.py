"""Nobody has pulled the offer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from service.domain.columns import Mask
from service.domain.situation import Situation
from service.pipeline.stages import Explanation, OnMissing, Tier


class NotKilled:
    """Permits an offer that neither the catalogue nor a kill switch has stopped."""

    code: ClassVar[str] = "not_killed"
    tier: ClassVar[Tier] = Tier.ELIGIBILITY
    owner: ClassVar[str] = "risk"
    legal_basis: ClassVar[str] = "the bank's own stop decision"
    text: ClassVar[Mapping[str, str]] = {
        "en": "The offer has been stopped.",
        "zh-CN": "该优惠已停止。",
    }
    on_missing: ClassVar[OnMissing] = OnMissing.DENY

    def permits(self, situation: Situation) -> Mask:
        """True where the offer is not killed."""
        return ~situation.killed

    def explain(self, situation: Situation, row: int) -> Explanation:
        """Whether somebody stopped it."""
        killed = bool(situation.killed[row])
        return Explanation(not killed, "killed" if killed else "active", "active")
