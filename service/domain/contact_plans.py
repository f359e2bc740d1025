"""The plans of one catalogue, channel by channel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from service.domain.contact_names import NameColumn
from service.domain.contact_plan import ContactPlan


class ContactPlans:
    """The plan of every channel of one catalogue, each made once."""

    def __init__(self, anywhere: ContactPlan) -> None:
        self._anywhere = anywhere
        self._made: dict[str, ContactPlan] = {}

    def of(self, channel: str, placements: Iterable[str]) -> ContactPlan:
        """The plan of a channel with these placements."""
        plan = self._made.get(channel)
        if plan is None:
            places = NameColumn.of([f"{channel}/{placement}" for placement in placements])
            plan = replace(self._anywhere, placements=places, channel=channel)
            self._made[channel] = plan
        return plan
