"""No probability at all: the bank's own fixed order."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from service.domain.catalogue import Catalogue
from service.domain.columns import Floats, Mask
from service.domain.decision import Rung
from service.domain.situation import Situation
from service.ports import Release


class BusinessOrder:
    """Ranks by position in the catalogue; reads nothing of the customer (GDPR art. 21, PIPL art.
    24).
    """

    name: ClassVar[str] = "business_order"
    rung: ClassVar[Rung] = Rung.STATIC
    gives_propensity: ClassVar[bool] = False

    def __init__(self, release: Release | None, catalogue: Catalogue) -> None:
        count = len(catalogue)
        self._order = (count - np.arange(count)) / max(count, 1)

    def applies(self, situation: Situation) -> bool:
        """Always."""
        return True

    def scores(self, situation: Situation, permitted: Mask) -> Floats:
        """Falling from 1 with the offer's row."""
        return self._order
