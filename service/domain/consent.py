"""What a customer allows: recorded per channel and purpose, read under the bank's default for that
purpose.

Which record counts is settled when a bank is loaded: for each channel and purpose the most recent
of the channel's own and the one for all channels (`*`), and of two recorded at the same instant
the refusal. An own entry that a later `*` overrules is not loaded, so an own entry found here is
the newer of the two. A customer one of whose records could not be read has `unreadable` for every
purpose and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache


class Purpose(StrEnum):
    """Why a bank may process or speak (GDPR art. 6 and 21, PIPL art. 13 and 24)."""

    DISPLAY = "display"
    OUTBOUND = "outbound"
    PERSONALISATION = "personalisation"
    THIRD_PARTY = "third_party"


@lru_cache(maxsize=256)
def consent_keys(channel: str, purpose: Purpose) -> tuple[str, str]:
    """How consents for this purpose are keyed: in this channel, and in all others."""
    return f"{channel}/{purpose}", f"*/{purpose}"


class ConsentMode(StrEnum):
    """What silence means."""

    OPT_IN = "opt_in"
    OPT_OUT = "opt_out"


class ConsentStatus(StrEnum):
    """What is recorded; `UNREADABLE` when the record could not be read and denies everything."""

    GIVEN = "given"
    REFUSED = "refused"
    NONE = "none"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class ConsentRecord:
    """One customer's recorded consents, keyed `<channel>/<purpose>`; channel `*` speaks for all
    others.
    """

    statuses: Mapping[str, ConsentStatus]

    def status(self, channel: str, purpose: Purpose) -> ConsentStatus:
        """The status for this channel: its own entry (newer, else not loaded), then `*`."""
        own, everywhere = consent_keys(channel, purpose)
        return self.statuses.get(own) or self.statuses.get(everywhere, ConsentStatus.NONE)


NOTHING_RECORDED = ConsentRecord({})


def allows(status: ConsentStatus, mode: ConsentMode) -> bool:
    """Whether a status permits under the bank's default; unreadable never does."""
    if status is ConsentStatus.NONE:
        return mode is ConsentMode.OPT_OUT
    return status is ConsentStatus.GIVEN
