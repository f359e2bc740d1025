"""L: the bank's deliberate push or brake."""

from __future__ import annotations

from typing import ClassVar

from service.domain.columns import Floats
from service.domain.situation import Situation


class Lever:
    """Multiplies by issue × group × offer lever, clipped to [0.5, 2] when the catalogue was
    loaded.
    """

    name: ClassVar[str] = "lever"

    def factors(self, situation: Situation) -> Floats:
        """The catalogue's levers, one per offer."""
        return situation.catalogue.levers
