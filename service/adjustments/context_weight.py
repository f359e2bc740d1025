"""C: what the moment says about a group of offers."""

from __future__ import annotations

from typing import ClassVar

from service.domain.columns import Floats
from service.domain.situation import Situation


class ContextWeight:
    """Multiplies the bank's weights for the trigger and intent at hand, clipped to [0.5, 2]."""

    name: ClassVar[str] = "context_weight"

    def factors(self, situation: Situation) -> Floats:
        """One weight per offer, 1 where no row of the context table matches."""
        return situation.catalogue.context_factors.of(situation.ask.trigger, situation.ask.intent)
