"""How one offer is worded for whoever reads or hears it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property


@dataclass(frozen=True)
class CallToAction:
    """What the customer can press."""

    label: str
    deep_link: str


@dataclass(frozen=True)
class Treatment:
    """How one offer is worded in one locale; `talk_track` is for agents only."""

    locale: str
    title: str
    body: str
    call_to_action: CallToAction | None
    image_url: str | None
    disclosure: str | None
    talk_track: str | None

    @cached_property
    def for_customer(self) -> Treatment:
        """What the customer may read herself: everything but the talk track."""
        return replace(self, talk_track=None)

    @cached_property
    def as_message(self) -> Treatment:
        """What a channel of words alone can carry."""
        return replace(self, image_url=None, talk_track=None)
