"""Channels of words alone: no picture, no button, no talk track."""

from __future__ import annotations

from typing import ClassVar

from service.domain.situation import Situation
from service.domain.treatment import Treatment


class TextMessage:
    """Title, body and disclosure; the link stays for channels that can carry one."""

    names: ClassVar[tuple[str, ...]] = ("sms", "ivr")

    def say(self, situation: Situation, row: int) -> Treatment | None:
        """The message of this channel and locale."""
        ask = situation.ask
        written = situation.catalogue.treatment(row, locale=ask.locale, channel=ask.channel)
        return written.as_message if written else None
