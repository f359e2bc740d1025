"""She did not ask for a rest from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from service.domain.columns import Mask
from service.domain.contact_windows import whole_second_after
from service.domain.situation import Situation
from service.pipeline.stages import Explanation, OnMissing, Tier


class NotCoolingDown:
    """Permits marketing unless an answer of hers still keeps it back: a cooldown of the policy, or
    the date she named. An unreadable history keeps all of it back.
    """

    code: ClassVar[str] = "not_cooling_down"
    tier: ClassVar[Tier] = Tier.CONTACT_POLICY
    owner: ClassVar[str] = "customer contact"
    legal_basis: ClassVar[str] = "the bank's contact policy; GDPR art. 21, PIPL art. 24"
    text: ClassVar[Mapping[str, str]] = {
        "en": "The customer answered this lately and is left in peace, or we do not know.",
        "zh-CN": "客户近期已对此作出回应，暂不打扰，或回应情况未知。",
    }
    on_missing: ClassVar[OnMissing] = OnMissing.DENY

    def permits(self, situation: Situation) -> Mask:
        """True where nothing she answered still counts."""
        permitted: Mask = situation.cooling.until <= situation.as_of_seconds
        return permitted

    def explain(self, situation: Situation, row: int) -> Explanation:
        """The answer that counts longest, of which offer, since when, what it keeps back, and when
        it stops counting.
        """
        permitted = bool(self.permits(situation)[row])
        needed = "no answer that still counts"
        rest = situation.cooling.rest(row)
        if rest is None:
            unknown = "no such answer" if permitted else "unknown contact history"
            return Explanation(permitted, unknown, needed)
        seen = situation.cooling.words(row, rest)
        return Explanation(permitted, seen, needed, whole_second_after(rest.until))
