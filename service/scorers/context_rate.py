"""P without the customer: how offers did in this channel after this trigger."""

from __future__ import annotations

from typing import ClassVar

from service.domain.catalogue import Catalogue
from service.domain.columns import Floats, Mask
from service.domain.decision import Rung
from service.domain.situation import Situation
from service.ports import Release


class ContextRate:
    """The bundle's rate per channel × trigger, else per product, else per group."""

    name: ClassVar[str] = "context_rate"
    rung: ClassVar[Rung] = Rung.CONTEXT_ONLY
    gives_propensity: ClassVar[bool] = True

    def __init__(self, release: Release | None, catalogue: Catalogue) -> None:
        self._release = release

    def applies(self, situation: Situation) -> bool:
        """Needs a bundle, and no objection to personalisation (which fixes the order)."""
        return self._release is not None and situation.is_personalised

    def scores(self, situation: Situation, permitted: Mask) -> Floats:
        """float64 per offer; the engine blanks what is not permitted."""
        assert self._release is not None
        ask = situation.ask
        return self._release.rates.in_context(
            situation.catalogue, channel=ask.channel, trigger=ask.trigger
        )
