"""The offers of highest priority, each in one place, no group crowding the others out."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from service.domain.catalogue import Catalogue
from service.domain.columns import Codes, Floats, Mask
from service.domain.situation import Situation
from service.pipeline.seating import Seating


class HighestPriority:
    """Walks the offers from the highest priority down, what the bank owes or does for the customer
    before all marketing, and fills the asked placements together.
    """

    name: ClassVar[str] = "highest_priority"

    def select(
        self, situation: Situation, permitted: Mask, priority: Floats
    ) -> tuple[tuple[int, ...], ...]:
        """Rows per placement, best first; ties go by value, then by offer id."""
        order = ranked(situation.catalogue, permitted, priority).tolist()
        seating = Seating(situation)
        for row in order:
            if seating.is_full:
                break
            seating.seat(row)
        return seating.slates(order)


def ranked(catalogue: Catalogue, permitted: Mask, priority: Floats) -> Codes:
    """Permitted rows by lane, falling priority, falling value, then rising offer id."""
    rows = np.flatnonzero(permitted)
    keys = (
        catalogue.id_order[rows],
        -catalogue.values[rows],
        -priority[rows],
        catalogue.lane_order[rows],
    )
    best_first: Codes = rows[np.lexsort(keys)]
    return best_first
