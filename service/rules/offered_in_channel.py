"""The bank makes this offer in this channel, in a place that was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from service.domain.columns import Mask
from service.domain.situation import Situation
from service.pipeline.stages import Explanation, OnMissing, Tier


class OfferedInChannel:
    """Permits an offer declared for the asked channel and for at least one asked placement."""

    code: ClassVar[str] = "offered_in_channel"
    tier: ClassVar[Tier] = Tier.APPLICABILITY
    owner: ClassVar[str] = "marketing"
    legal_basis: ClassVar[str] = "none: the bank's own channel plan"
    text: ClassVar[Mapping[str, str]] = {
        "en": "This offer is not made in this channel or placement.",
        "zh-CN": "该产品不在此渠道或展示位推荐。",
    }
    on_missing: ClassVar[OnMissing] = OnMissing.DENY

    def permits(self, situation: Situation) -> Mask:
        """True where channel and one asked placement both carry the offer."""
        catalogue, ask = situation.catalogue, situation.ask
        placed = np.zeros(len(catalogue), dtype=np.bool_)
        for placement in ask.placements:
            placed |= catalogue.in_placement[f"{ask.channel}/{placement.id}"]
        return placed & catalogue.in_channel[ask.channel]

    def explain(self, situation: Situation, row: int) -> Explanation:
        """The channels that carry the offer."""
        channels = [name for name, mask in situation.catalogue.in_channel.items() if mask[row]]
        places = ", ".join(placement.id for placement in situation.ask.placements)
        return Explanation(
            permitted=bool(self.permits(situation)[row]),
            seen=f"offered in {', '.join(channels) or 'no channel'}",
            needed=f"{situation.ask.channel}: {places}",
        )
