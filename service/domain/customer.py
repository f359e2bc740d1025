"""The customer as far as this decision knows her; what is unknown stays unknown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from feature_repo.raw_features import RawFeatures
from service.domain.consent import ConsentRecord


class Standing(StrEnum):
    """How far the read got: a stranger was looked up and not found, an unreadable customer could
    not be looked up.
    """

    KNOWN = "known"
    STRANGER = "stranger"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Customer:
    """Facts and features of one customer at `as_of`.

    `consents` is None when it could not be read. `features` is None when nothing usable was read.
    `held` has one entry per
    product of the vocabulary: 1 held, 0 not held, NaN unknown. `birth_date` is None when unknown.
    """

    standing: Standing
    consents: ConsentRecord | None
    features: RawFeatures | None
    held: NDArray[np.float32]
    birth_date: date | None
    is_stale: bool
    degraded_reasons: tuple[str, ...]

    def age_on(self, day: date) -> int | None:
        """Completed years on that day; None when the birth date is unknown."""
        born = self.birth_date
        if born is None:
            return None
        return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
