"""The offers of highest priority, each in one place, no group crowding the others out."""

from __future__ import annotations

from typing import ClassVar

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
        seating = Seating(situation)
        for row in ranked(situation.catalogue, permitted, priority).tolist():
            if seating.is_full:
                break
            seating.seat(row)
        return seating.slates()


def ranked(catalogue: Catalogue, permitted: Mask, priority: Floats) -> Codes:
    """Permitted rows by lane, falling priority, falling value, then rising offer id."""
    tied = catalogue.order_of_ties
    rows = tied[permitted[tied]]
    rows = rows[(-priority[rows]).argsort(kind="stable")]
    if catalogue.has_one_lane:
        return rows
    best_first: Codes = rows[catalogue.lane_order[rows].argsort(kind="stable")]
    return best_first
