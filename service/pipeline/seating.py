"""Fills all asked placements together: no offer twice, none too full, no group too often, no cap
broken.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from service.domain.catalogue import Lane
from service.domain.contact_budget import CapBudget
from service.domain.situation import Situation


class Seating:
    """Offers come in order of rank; one that fits nowhere moves an earlier one aside if that one
    fits elsewhere, so that no placement stays empty which somebody could fill.
    """

    def __init__(self, situation: Situation) -> None:
        ask, catalogue = situation.ask, situation.catalogue
        self._catalogue = catalogue
        self._names = [placement.id for placement in ask.placements]
        self._carries = [catalogue.in_placement[f"{ask.channel}/{name}"] for name in self._names]
        self._room = [placement.limit for placement in ask.placements]
        self._seated: list[list[int]] = [[] for _ in ask.placements]
        self._rank: dict[int, int] = {}
        self._of_group: defaultdict[str, int] = defaultdict(int)
        self._budget = situation.cap_room.budget(sum(self._room))

    @property
    def is_full(self) -> bool:
        """Whether no placement has room."""
        return not any(self._room)

    def seat(self, row: int) -> None:
        """Give the offer a place if there is or can be made one; only marketing crowds a group."""
        self._rank[row] = len(self._rank)
        group = self._catalogue.groups[row]
        is_marketing = self._catalogue.lanes[row] is Lane.MARKETING
        if is_marketing and self._of_group[group] >= self._catalogue.policy.max_per_group:
            return
        place = self._place_for(row, set())
        if place is not None:
            self._put(row, place)
            self._of_group[group] += is_marketing

    def slates(self) -> tuple[tuple[int, ...], ...]:
        """Rows per placement in the order they came in."""
        return tuple(tuple(sorted(rows, key=self._rank.__getitem__)) for rows in self._seated)

    def _place_for(self, row: int, tried: set[int]) -> int | None:
        """A place with room for the row, moving others along (augmenting path); None if none."""
        places = [p for p, carried in enumerate(self._carries) if carried[row] and p not in tried]
        for place in places:
            if self._room[place] and self._budget.fits(row, self._names[place]):
                return place
        for place in places:
            tried.add(place)
            for earlier in tuple(self._seated[place]):
                if self._moves_for(row, earlier, place, tried):
                    return place
        return None

    def _moves_for(self, row: int, earlier: int, place: int, tried: set[int]) -> bool:
        """Whether the earlier offer left this place for another, so that the row now fits here."""
        self._take(earlier, place)
        elsewhere = self._place_for(earlier, tried)
        if elsewhere is not None:
            self._put(earlier, elsewhere)
            if self._budget.fits(row, self._names[place]):
                return True
            self._take(earlier, elsewhere)
        self._put(earlier, place)
        return False

    def _put(self, row: int, place: int) -> None:
        self._seated[place].append(row)
        self._room[place] -= 1
        self._budget.take(row, self._names[place])

    def _take(self, row: int, place: int) -> None:
        self._seated[place].remove(row)
        self._room[place] += 1
        self._budget.give_back(row, self._names[place])


def room_beside(situation: Situation, shown: Mapping[str, tuple[int, ...]]) -> CapBudget:
    """What the caps still leave room for beside the rows shown in every placement."""
    taken = sum(map(len, shown.values()))
    budget = situation.cap_room.budget(taken + 1)
    for placement_id, rows in shown.items():
        for row in rows:
            budget.take(row, placement_id)
    return budget
