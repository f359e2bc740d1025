"""Why a placement stayed empty, told from the verdicts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from service.domain.columns import Mask
from service.domain.customer import Standing
from service.domain.decision import Decision, NoOfferReason
from service.domain.situation import Placement, Situation
from service.pipeline.seating import room_beside

GATES = {
    NoOfferReason.KILLED: frozenset({"not_killed"}),
    NoOfferReason.CONSENT: frozenset({"consent_given"}),
    NoOfferReason.CAPPED: frozenset({"within_caps", "not_cooling_down", "outside_quiet_hours"}),
}
"""The rules that give an empty placement its reason, in the order they are asked."""


def no_offer_reason(
    situation: Situation,
    placement: Placement,
    decision: Decision,
    shown: Mapping[str, tuple[int, ...]],
) -> NoOfferReason:
    """The first gate behind which nothing is left of what all other rules permit here, or that
    nothing was eligible; `shown` are the rows of every placement.
    """
    if situation.customer.standing is Standing.UNREADABLE:
        return NoOfferReason.STATE_UNAVAILABLE
    left = decision.proposed & situation.catalogue.in_placement[_key(situation, placement)]
    left[[row for rows in shown.values() for row in rows]] = False
    left &= _permitted(
        decision, frozenset(decision.rule_codes) - frozenset().union(*GATES.values())
    )
    if not left.any():
        return NoOfferReason.NOTHING_ELIGIBLE
    for reason, codes in GATES.items():
        left &= _permitted(decision, codes)
        if not left.any():
            return reason
    budget = room_beside(situation, shown)
    has_room = any(budget.fits(row, placement.id) for row in np.flatnonzero(left).tolist())
    return NoOfferReason.NOTHING_ELIGIBLE if has_room else NoOfferReason.CAPPED


def _permitted(decision: Decision, codes: frozenset[str]) -> Mask:
    """True per offer that each of these rules permits."""
    asked = np.array([code in codes for code in decision.rule_codes])
    permitted: Mask = decision.verdicts[asked].all(axis=0)
    return permitted


def _key(situation: Situation, placement: Placement) -> str:
    return f"{situation.ask.channel}/{placement.id}"
