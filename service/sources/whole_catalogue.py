"""Every offer the bank has: a bank's catalogue is small enough to judge whole."""

from __future__ import annotations

from typing import ClassVar

from service.domain.columns import Mask
from service.domain.situation import Situation


class WholeCatalogue:
    """Proposes every offer, so that every omission has a rule as its reason."""

    name: ClassVar[str] = "whole_catalogue"

    def proposes(self, situation: Situation) -> Mask:
        """True for every offer."""
        return situation.catalogue.everything
