"""What customers allowed: consent records, and what they permitted on a given day."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from feature_repo.contract import CHANNELS
from training.simulated_bank.population import Flags, Ints

OUTBOUND_CHANNELS = ("sms", "wechat", "email")
NO_RECORD = np.int32(2**31 - 1)
_OUTBOUND = np.array([channel in OUTBOUND_CHANNELS for channel in CHANNELS])
_SMS, _PARTNER = CHANNELS.index("sms"), CHANNELS.index("partner")


@dataclass(frozen=True)
class ConsentState:
    """Days from which each consent was given or refused (NO_RECORD = never recorded)."""

    outbound_given: Ints
    outbound_refused: Ints
    sms_refused: Ints
    third_party_given: Ints
    third_party_refused: Ints
    personalisation_given: Ints
    personalisation_refused: Ints
    display_refused: Ints

    def rows(self, index: NDArray[np.integer]) -> ConsentState:
        """The same columns for some of the customers."""
        return ConsentState(*(getattr(self, field.name)[index] for field in fields(self)))

    def permits(self, day: NDArray[np.floating]) -> Flags:
        """Which channels may carry an offer on `day`: bool[customers, channels]."""
        outbound = (self.outbound_given <= day) & (day < self.outbound_refused)
        display = day < self.display_refused
        permitted = np.where(_OUTBOUND, outbound[:, None], display[:, None])
        permitted[:, _SMS] &= day < self.sms_refused
        permitted[:, _PARTNER] = self.permits_third_party(day)
        return permitted

    def permits_third_party(self, day: NDArray[np.floating]) -> Flags:
        """Whether offers of partners may be shown on `day`."""
        return (self.third_party_given <= day) & (day < self.third_party_refused)

    def permits_personalisation(self, day: NDArray[np.floating]) -> Flags:
        """Whether the profile may rank the offers on `day` (no record = yes)."""
        return np.asarray(day < self.personalisation_refused)

    def records(self) -> list[tuple[str, str, str, Ints]]:
        """Channel, purpose, status and the day of record, one entry per kind of record."""
        return [
            ("*", "outbound", "given", self.outbound_given),
            ("*", "outbound", "refused", self.outbound_refused),
            ("sms", "outbound", "refused", self.sms_refused),
            ("*", "third_party", "given", self.third_party_given),
            ("*", "third_party", "refused", self.third_party_refused),
            ("*", "personalisation", "given", self.personalisation_given),
            ("*", "personalisation", "refused", self.personalisation_refused),
            ("*", "display", "refused", self.display_refused),
        ]


def draw_consents(random: np.random.Generator, joined_day: Ints, days: int) -> ConsentState:
    """Consents taken when joining; a few customers withdraw them during the simulated days."""
    count = len(joined_day)

    def share(chance: float, day: Ints) -> Ints:
        return np.where(random.random(count) < chance, day, NO_RECORD).astype(np.int32)

    later = random.integers(1, max(days, 2), count, dtype=np.int32)
    later = np.maximum(later, joined_day + 1).astype(np.int32)
    outbound = share(0.58, joined_day)
    refused_at_once = np.where(outbound == NO_RECORD, share(0.4, joined_day), NO_RECORD)
    third_party = share(0.42, joined_day)
    no_partners = np.where(third_party == NO_RECORD, share(0.4, joined_day), NO_RECORD)
    personal = share(0.55, joined_day)
    impersonal = np.where(personal == NO_RECORD, share(0.08, joined_day), NO_RECORD)
    return ConsentState(
        outbound_given=outbound,
        outbound_refused=np.minimum(refused_at_once, share(0.03, later)).astype(np.int32),
        sms_refused=share(0.05, later),
        third_party_given=third_party,
        third_party_refused=np.minimum(no_partners, share(0.02, later)).astype(np.int32),
        personalisation_given=personal,
        personalisation_refused=impersonal.astype(np.int32),
        display_refused=share(0.01, later),
    )
