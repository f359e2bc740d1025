"""The room under all caps while one slate is filled."""

from __future__ import annotations

from service.domain.contact_plan import Binding, ContactPlan


class CapBudget:
    """Room under all caps that shrinks while one slate is filled; where none `binds`, there is
    enough for all of it.
    """

    def __init__(
        self,
        plan: ContactPlan,
        used: list[int] | None,
        closed_places: frozenset[str],
        *,
        binds: bool,
    ) -> None:
        self._plan, self._used, self._closed, self._binds = plan, used, closed_places, binds

    def fits(self, row: int, placement_id: str) -> bool:
        """Whether no cap would be broken by this offer in this place, beside what was taken."""
        if placement_id in self._closed and self._plan.is_marketing[row]:
            return False
        bindings, used = self._bindings(row, placement_id), self._used
        if used is None:
            return not bindings
        return all(used[place] < limit for place, limit, _ in bindings)

    def take(self, row: int, placement_id: str) -> None:
        """The offer stands in this place from now on."""
        self._add(row, placement_id, 1)

    def give_back(self, row: int, placement_id: str) -> None:
        """The offer no longer stands in this place."""
        self._add(row, placement_id, -1)

    def _add(self, row: int, placement_id: str, number: int) -> None:
        if self._used is None:
            return
        for place, _, reserves in self._bindings(row, placement_id):
            if reserves:
                self._used[place] += number

    def _bindings(self, row: int, placement_id: str) -> tuple[Binding, ...]:
        plan = self._plan
        if not self._binds:
            return ()
        return plan.bindings.get(placement_id, plan.row_bindings)[row]
