"""She is old enough."""

from __future__ import annotations

from calendar import isleap
from collections.abc import Mapping
from datetime import MAXYEAR, date, datetime, time
from typing import ClassVar
from zoneinfo import ZoneInfo

import numpy as np

from service.domain.columns import Mask
from service.domain.situation import Situation
from service.pipeline.stages import Explanation, OnMissing, Tier


class MinimumAge:
    """Permits an offer without an age condition, or to a customer known to have completed the
    years it asks.
    """

    code: ClassVar[str] = "minimum_age"
    tier: ClassVar[Tier] = Tier.ELIGIBILITY
    owner: ClassVar[str] = "legal"
    legal_basis: ClassVar[str] = "capacity to contract (PRC Civil Code art. 17-20; national law)"
    text: ClassVar[Mapping[str, str]] = {
        "en": "The customer has not reached the minimum age, or we do not know her age.",
        "zh-CN": "客户未达到最低年龄，或年龄未知。",
    }
    on_missing: ClassVar[OnMissing] = OnMissing.DENY

    def permits(self, situation: Situation) -> Mask:
        """True where there is no condition or her completed years reach it."""
        minimum = situation.catalogue.minimum_age
        age = situation.age
        unconditional: Mask = np.isnan(minimum)
        return unconditional if age is None else unconditional | (minimum <= age)

    def explain(self, situation: Situation, row: int) -> Explanation:
        """The age seen and, when she is too young, the birthday she reaches it on."""
        minimum = situation.catalogue.minimum_age[row]
        age = situation.age
        permitted = bool(self.permits(situation)[row])
        return Explanation(
            permitted=permitted,
            seen="unknown" if age is None else f"{age} years",
            needed="no minimum age" if np.isnan(minimum) else f"at least {int(minimum)} years",
            possible_from=None if permitted else _birthday(situation, int(minimum)),
        )


def _birthday(situation: Situation, years: int) -> datetime | None:
    born = situation.customer.birth_date
    if born is None or born.year + years > MAXYEAR:
        return None
    zone = ZoneInfo(situation.catalogue.policy.time_zone)
    return datetime.combine(_anniversary(born, born.year + years), time(), zone)


def _anniversary(born: date, year: int) -> date:
    """Who was born on 29 February completes a common year on 1 March."""
    if (born.month, born.day) == (2, 29) and not isleap(year):
        return date(year, 3, 1)
    return born.replace(year=year)
