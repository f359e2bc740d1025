"""The offers of highest priority, each in one place, no group crowding the others out."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

import numpy as np

from service.domain.catalogue import Catalogue
from service.domain.columns import Codes, Floats, Mask
from service.domain.situation import Situation


class HighestPriority:
    """Walks the offers from the highest priority down and gives each to the first asked placement
    with room for it.
    """

    name: ClassVar[str] = "highest_priority"

    def select(
        self, situation: Situation, permitted: Mask, priority: Floats
    ) -> tuple[tuple[int, ...], ...]:
        """Rows per placement, best first; ties go by value, then by offer id."""
        catalogue, ask = situation.catalogue, situation.ask
        room = [placement.limit for placement in ask.placements]
        carries = [catalogue.in_placement[f"{ask.channel}/{p.id}"] for p in ask.placements]
        slates: list[list[int]] = [[] for _ in ask.placements]
        of_group: Counter[str] = Counter()
        left = sum(room)
        for row in ranked(catalogue, permitted, priority).tolist():
            if not left:
                break
            group = catalogue.groups[row]
            if of_group[group] >= catalogue.policy.max_per_group:
                continue
            for place, slate in enumerate(slates):
                if room[place] and carries[place][row]:
                    slate.append(row)
                    room[place] -= 1
                    left -= 1
                    of_group[group] += 1
                    break
        return tuple(tuple(slate) for slate in slates)


def ranked(catalogue: Catalogue, permitted: Mask, priority: Floats) -> Codes:
    """Permitted rows by falling priority, then falling value, then rising offer id."""
    rows = np.flatnonzero(permitted)
    order = np.lexsort((catalogue.id_order[rows], -catalogue.values[rows], -priority[rows]))
    best_first: Codes = rows[order]
    return best_first
