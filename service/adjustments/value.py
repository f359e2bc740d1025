"""V: what one acceptance is worth to the bank and its customer."""

from __future__ import annotations

from typing import ClassVar

from service.domain.columns import Floats
from service.domain.situation import Situation


class Value:
    """Multiplies by the offer's value in currency units."""

    name: ClassVar[str] = "value"

    def factors(self, situation: Situation) -> Floats:
        """The catalogue's values, one per offer."""
        return situation.catalogue.values
