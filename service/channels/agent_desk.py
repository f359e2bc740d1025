"""Places where a colleague speaks to the customer: the card and what to say."""

from __future__ import annotations

from typing import ClassVar

from service.domain.situation import Situation
from service.domain.treatment import Treatment


class AgentDesk:
    """The whole treatment, talk track included."""

    names: ClassVar[tuple[str, ...]] = ("call_center", "branch")

    def say(self, situation: Situation, row: int) -> Treatment | None:
        """The treatment of this channel and locale."""
        ask = situation.ask
        return situation.catalogue.treatment(row, locale=ask.locale, channel=ask.channel)
