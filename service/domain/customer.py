"""The customer as far as this decision knows her; what is unknown stays unknown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from feature_repo.contact_layout import Entries
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
class Profile:
    """The few facts about her that rules ask for; None and NaN are unknown."""

    risk_capacity: float = float("nan")
    risk_assessed_on: date | None = None
    investor_class: str | None = None
    is_vulnerable: bool | None = None
    time_zone: str | None = None


NOTHING_KNOWN = Profile()


@dataclass(frozen=True)
class Customer:
    """Facts and features of one customer at `as_of`.

    `consents` and `contacts` are None when they could not be read. `known` holds the features that
    are fresh enough to be believed, `features` the same where a model may use them; None when
    nothing usable was read. `held` has one entry per
    product of the vocabulary: 1 held, 0 not held, NaN unknown. `birth_date` is None when unknown.
    """

    standing: Standing
    consents: ConsentRecord | None
    features: RawFeatures | None
    held: NDArray[np.float32]
    birth_date: date | None
    is_stale: bool
    degraded_reasons: tuple[str, ...]
    known: RawFeatures | None = None
    profile: Profile = NOTHING_KNOWN
    contacts: Entries | None = None

    def age_on(self, day: date) -> int | None:
        """Completed years on that day; None when the birth date is unknown."""
        born = self.birth_date
        if born is None:
            return None
        return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
