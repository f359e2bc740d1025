"""Why a placement stayed empty, told from the verdicts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from service.domain.columns import Mask
from service.domain.customer import Standing
from service.domain.decision import Decision, NoOfferReason
from service.domain.situation import Placement, Situation

DECISIVE = (
    (frozenset({"not_killed"}), NoOfferReason.KILLED),
    (frozenset({"consent_given"}), NoOfferReason.CONSENT),
    (
        frozenset({"within_caps", "not_cooling_down", "outside_quiet_hours"}),
        NoOfferReason.CAPPED,
    ),
)


def no_offer_reason(
    situation: Situation, placement: Placement, decision: Decision, shown: Sequence[int]
) -> NoOfferReason:
    """The one kind of gate that denies all that the others permit here, or that nothing was
    eligible; an offer `shown` in another placement was none for this one.
    """
    if situation.customer.standing is Standing.UNREADABLE:
        return NoOfferReason.STATE_UNAVAILABLE
    here = decision.proposed & situation.catalogue.in_placement[_key(situation, placement)]
    here[list(shown)] = False
    for codes, reason in DECISIVE:
        decisive = np.array([code in codes for code in decision.rule_codes])
        candidates = here & decision.verdicts[~decisive].all(axis=0)
        if candidates.any() and not (candidates & decision.verdicts[decisive].all(axis=0)).any():
            return reason
    if _is_full(situation, placement, here & decision.permitted):
        return NoOfferReason.CAPPED
    return NoOfferReason.NOTHING_ELIGIBLE


def _is_full(situation: Situation, placement: Placement, permitted: Mask) -> bool:
    """Whether offers were permitted that a cap or a cooldown of this one placement keeps out."""
    rows, budget = np.flatnonzero(permitted).tolist(), situation.cap_room.budget(1)
    return bool(rows) and not any(budget.fits(row, placement.id) for row in rows)


def _key(situation: Situation, placement: Placement) -> str:
    return f"{situation.ask.channel}/{placement.id}"
