"""Fills all asked placements together: no offer twice, none too full, no group too often."""

from __future__ import annotations

from collections import Counter

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
        self._of_group: Counter[str] = Counter()

    @property
    def is_full(self) -> bool:
        """Whether no placement has room."""
        return not any(self._room)

    def seat(self, row: int) -> None:
        """Give the offer a place if there is or can be made one; only marketing crowds a group."""
        group = self._catalogue.groups[row]
        is_marketing = bool(self._catalogue.is_marketing[row])
        if is_marketing and self._of_group[group] >= self._catalogue.policy.max_per_group:
            return
        place = self._place_for(row, set())
        if place is not None:
            self._seated[place].append(row)
            self._room[place] -= 1
            self._of_group[group] += is_marketing

    def slates(self, order: list[int]) -> tuple[tuple[int, ...], ...]:
        """Rows per placement in this order of rank."""
        rank = {row: position for position, row in enumerate(order)}
        return tuple(tuple(sorted(rows, key=rank.__getitem__)) for rows in self._seated)

    def _place_for(self, row: int, tried: set[int]) -> int | None:
        """A place with room for the row, moving others along (augmenting path); None if none."""
        places = [p for p, carried in enumerate(self._carries) if carried[row] and p not in tried]
        for place in places:
            if self._room[place]:
                return place
        for place in places:
            tried.add(place)
            for position, earlier in enumerate(self._seated[place]):
                elsewhere = self._place_for(earlier, tried)
                if elsewhere is not None:
                    del self._seated[place][position]
                    self._seated[elsewhere].append(earlier)
                    self._room[elsewhere] -= 1
                    self._room[place] += 1
                    return place
        return None
