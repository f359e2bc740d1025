"""She was not told of it too often."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from feature_repo.contact_layout import RESERVATION_SECONDS
from service.domain.columns import Mask
from service.domain.contact_counting import FullCap
from service.domain.contact_policy import Cap
from service.domain.contact_windows import window_words
from service.domain.situation import Situation
from service.pipeline.stages import Explanation, OnMissing, Tier

REFUSED = (
    "no room left when it was to be reserved, or a contact history that did not answer",
    "room under every cap until the offer is reserved",
)
"""Seen and needed of an offer that the commit refused."""


class WithinCaps:
    """Permits marketing while every cap that binds it has room for one more contact; an unreadable
    history leaves none. What the bank owes or does for her is bound by no cap.
    """

    code: ClassVar[str] = "within_caps"
    tier: ClassVar[Tier] = Tier.CONTACT_POLICY
    owner: ClassVar[str] = "customer contact"
    legal_basis: ClassVar[str] = "the bank's contact policy; UCPD annex I no. 26 (unwanted contact)"
    text: ClassVar[Mapping[str, str]] = {
        "en": "The customer was told of this often enough, is being offered it elsewhere right"
        " now, or we do not know how often she was.",
        "zh-CN": "客户近期接触次数已达上限、正在其他渠道被推荐，或接触次数未知。",
    }
    on_missing: ClassVar[OnMissing] = OnMissing.DENY

    def permits(self, situation: Situation) -> Mask:
        """True where all caps have room, pending reservations counted, and had it at the commit."""
        permitted = situation.cap_room.permits
        if situation.refused:
            permitted = permitted.copy()
            permitted[list(situation.refused)] = False
        return permitted

    def explain(self, situation: Situation, row: int) -> Explanation:
        """The caps that are full, what they counted, and when all of them have room again."""
        if situation.cap_room.permits[row]:
            if row in situation.refused:
                return Explanation(False, *REFUSED, possible_from=_reservations_end(situation))
            return Explanation(True, "no cap is full", "room under every cap")
        if situation.customer.contacts is None:
            return Explanation(False, "unknown contact history", "a history that can be counted")
        full = situation.cap_room.full_caps(row)
        return Explanation(
            permitted=False,
            seen=", ".join(map(_seen, full)),
            needed=", ".join(f"{it.cap.id}: {_needed(it.cap)}" for it in full),
            possible_from=_room_from(full),
        )


def _seen(full: FullCap) -> str:
    """What was counted; of offers made and not seen yet that they let go by themselves."""
    counted = f"{full.cap.id}: {full.count}"
    minutes = RESERVATION_SECONDS // 60
    held = f"{full.pending} made in the last {minutes:g} minutes and not seen yet"
    return f"{counted} ({held})" if full.pending else counted


def _reservations_end(situation: Situation) -> datetime:
    """When what others reserved by now is free again, unless it was seen."""
    return situation.as_of.astimezone(UTC) + timedelta(seconds=RESERVATION_SECONDS)


def _needed(cap: Cap) -> str:
    within = window_words(cap.window)
    return f"fewer than {cap.limit} of {cap.counts} per {cap.scope} in {within}"


def _room_from(full: tuple[FullCap, ...]) -> datetime | None:
    last = max(math.inf if it.room_from is None else it.room_from for it in full)
    return None if math.isinf(last) else datetime.fromtimestamp(last, UTC)
