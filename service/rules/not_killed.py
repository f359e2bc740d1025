"""Nobody has pulled the offer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from service.domain.catalogue import Mask
from service.domain.situation import Situation
from service.pipeline.stages import Explanation, OnMissing, Tier


class NotKilled:
    """Permits an offer that is not marked killed in the catalogue."""

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
        return ~situation.catalogue.killed

    def explain(self, situation: Situation, row: int) -> Explanation:
        """The switch as the catalogue has it."""
        killed = bool(situation.catalogue.killed[row])
        return Explanation(not killed, "killed" if killed else "active", "active")
