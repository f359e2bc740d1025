"""Why a placement stayed empty, told from the verdicts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from service.domain.columns import Mask
from service.domain.customer import Standing
from service.domain.decision import NoOfferReason
from service.domain.situation import Situation

DECISIVE = (("not_killed", NoOfferReason.KILLED), ("consent_given", NoOfferReason.CONSENT))


def no_offer_reason(
    situation: Situation,
    placement_id: str,
    proposed: Mask,
    rule_codes: tuple[str, ...],
    verdicts: NDArray[np.bool_],
) -> NoOfferReason:
    """The one gate that denies all that the others permit here, or that nothing was eligible."""
    if situation.customer.standing is Standing.UNREADABLE:
        return NoOfferReason.STATE_UNAVAILABLE
    key = f"{situation.ask.channel}/{placement_id}"
    here = proposed & situation.catalogue.in_placement[key]
    for code, reason in DECISIVE:
        if code not in rule_codes:
            continue
        decisive = rule_codes.index(code)
        others = np.delete(verdicts, decisive, axis=0).all(axis=0)
        candidates = here & others
        if candidates.any() and not (candidates & verdicts[decisive]).any():
            return reason
    return NoOfferReason.NOTHING_ELIGIBLE
