"""What the engine decided, with everything that led to it: proposed = kept + withheld."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from service.domain.columns import Floats, Mask


class Rung(StrEnum):
    """How much the answer could rest on, best first."""

    FULL = "full"
    STALE = "stale"
    CONTEXT_ONLY = "context_only"
    SEGMENT_PRIOR = "segment_prior"
    STATIC = "static"
    NO_OFFER = "no_offer"


class NoOfferReason(StrEnum):
    """Why a placement stays empty."""

    CONSENT = "consent"
    NOTHING_ELIGIBLE = "nothing_eligible"
    CAPPED = "capped"
    KILLED = "killed"
    STATE_UNAVAILABLE = "state_unavailable"
    LOG_UNAVAILABLE = "log_unavailable"


@dataclass(frozen=True)
class Slate:
    """The rows chosen for one placement, best first."""

    placement_id: str
    rows: tuple[int, ...]
    no_offer_reason: NoOfferReason | None


class Decision(NamedTuple):
    """One decision over *n* offers; `basis` is its rung if it offers anything.

    `verdicts` is bool[rules, n] in the order of `rule_codes`; `permitted` are the offers that were
    proposed and that every rule permits; `propensity` is NaN where not scored; `factors` holds each
    adjustment's multiplier per offer; `priority` orders the permitted offers.
    """

    rung: Rung
    basis: Rung
    scorer: str
    degraded_reasons: tuple[str, ...]
    proposed: Mask
    rule_codes: tuple[str, ...]
    verdicts: NDArray[np.bool_]
    permitted: Mask
    propensity: Floats
    factors: Mapping[str, Floats]
    priority: Floats
    slates: tuple[Slate, ...]

    @property
    def withheld(self) -> Mask:
        """Offers that were proposed and that at least one rule denies."""
        lost: Mask = self.proposed & ~self.permitted
        return lost

    def denied_by(self, row: int) -> tuple[str, ...]:
        """Codes of all rules that deny this offer, in registration order."""
        return tuple(
            code
            for code, verdict in zip(self.rule_codes, self.verdicts[:, row], strict=True)
            if not verdict
        )
