"""She was not told of it too often."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar

from service.domain.columns import Mask
from service.domain.contact_counting import FullCap
from service.domain.contact_policy import Cap
from service.domain.contact_windows import window_words
from service.domain.situation import Situation
from service.pipeline.stages import Explanation, OnMissing, Tier


class WithinCaps:
    """Permits marketing while every cap that binds it has room for one more contact; an unreadable
    history leaves none. What the bank owes or does for her is bound by no cap.
    """

    code: ClassVar[str] = "within_caps"
    tier: ClassVar[Tier] = Tier.CONTACT_POLICY
    owner: ClassVar[str] = "customer contact"
    legal_basis: ClassVar[str] = "the bank's contact policy; UCPD annex I no. 26 (unwanted contact)"
    text: ClassVar[Mapping[str, str]] = {
        "en": "The customer was told of this often enough, or we do not know how often.",
        "zh-CN": "客户近期接触次数已达上限，或接触次数未知。",
    }
    on_missing: ClassVar[OnMissing] = OnMissing.DENY

    def permits(self, situation: Situation) -> Mask:
        """True where all caps have room, pending reservations counted."""
        return situation.cap_room.permits

    def explain(self, situation: Situation, row: int) -> Explanation:
        """The caps that are full, what they counted, and when all of them have room again."""
        permitted = bool(situation.cap_room.permits[row])
        if permitted:
            return Explanation(True, "no cap is full", "room under every cap")
        if situation.customer.contacts is None:
            return Explanation(False, "unknown contact history", "a history that can be counted")
        full = situation.cap_room.full_caps(row)
        return Explanation(
            permitted=False,
            seen=", ".join(f"{it.cap.id}: {it.count}" for it in full),
            needed=", ".join(f"{it.cap.id}: {_needed(it.cap)}" for it in full),
            possible_from=_room_from(full),
        )


def _needed(cap: Cap) -> str:
    within = window_words(cap.window)
    return f"fewer than {cap.limit} of {cap.counts} per {cap.scope} in {within}"


def _room_from(full: tuple[FullCap, ...]) -> datetime | None:
    last = max(math.inf if it.room_from is None else it.room_from for it in full)
    return None if math.isinf(last) else datetime.fromtimestamp(last, UTC)
