"""Screens the customer looks at herself: a card with a button."""

from __future__ import annotations

from typing import ClassVar

from service.domain.situation import Situation
from service.domain.treatment import Treatment


class Card:
    """Everything but the talk track, which is for agents only."""

    names: ClassVar[tuple[str, ...]] = ("mobile_app", "wechat", "email", "chatbot", "partner")

    def say(self, situation: Situation, row: int) -> Treatment | None:
        """The card of this channel and locale."""
        ask = situation.ask
        written = situation.catalogue.treatment(row, locale=ask.locale, channel=ask.channel)
        return written.for_customer if written else None
