"""The offer is valid now."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar

import numpy as np

from service.domain.columns import Mask
from service.domain.situation import Situation
from service.pipeline.stages import Explanation, OnMissing, Tier


class WithinValidity:
    """Permits an offer from its first instant up to, but not including, its last."""

    code: ClassVar[str] = "within_validity"
    tier: ClassVar[Tier] = Tier.ELIGIBILITY
    owner: ClassVar[str] = "product management"
    legal_basis: ClassVar[str] = "terms of the offer"
    text: ClassVar[Mapping[str, str]] = {
        "en": "The offer is not valid at this time.",
        "zh-CN": "该优惠目前不在有效期内。",
    }
    on_missing: ClassVar[OnMissing] = OnMissing.DENY

    def permits(self, situation: Situation) -> Mask:
        """True where valid_from ≤ as_of < valid_until."""
        catalogue, now = situation.catalogue, situation.as_of_seconds
        within: Mask = (catalogue.valid_from <= now) & (now < catalogue.valid_until)
        return within

    def explain(self, situation: Situation, row: int) -> Explanation:
        """The offer's own dates; the next possible date when it has not begun."""
        begins, ends = situation.catalogue.valid_from[row], situation.catalogue.valid_until[row]
        starts_later = begins > situation.as_of_seconds
        return Explanation(
            permitted=bool(self.permits(situation)[row]),
            seen=situation.as_of.isoformat(),
            needed=f"from {_date(begins)} until before {_date(ends)}",
            possible_from=_next_second(begins) if starts_later else None,
        )


def _next_second(seconds: float) -> datetime:
    return datetime.fromtimestamp(math.ceil(seconds), UTC)


def _date(seconds: float) -> str:
    if np.isinf(seconds):
        return "any time"
    return datetime.fromtimestamp(seconds, UTC).isoformat()
