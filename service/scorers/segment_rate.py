"""P without a model: how customers of her segment did."""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar

from service.domain.catalogue import Catalogue
from service.domain.columns import Floats, Mask
from service.domain.decision import Rung
from service.domain.situation import Situation
from service.ports import Release


class SegmentRate:
    """The bundle's rate per segment, else per product, else per group; answers where the model is
    stopped or fails.
    """

    name: ClassVar[str] = "segment_rate"
    rung: ClassVar[Rung] = Rung.SEGMENT_PRIOR
    gives_propensity: ClassVar[bool] = True

    def __init__(self, release: Release | None, catalogue: Catalogue) -> None:
        self._release = release
        if release is not None:
            rates = release.rates
            self._rates = lru_cache(maxsize=256)(lambda name: rates.in_segment(catalogue, name))

    def applies(self, situation: Situation) -> bool:
        """Needs a bundle, usable features, and no objection to personalisation."""
        return (
            self._release is not None
            and situation.customer.features is not None
            and situation.is_personalised
        )

    def scores(self, situation: Situation, permitted: Mask) -> Floats:
        """float64 per offer; the engine blanks what is not permitted."""
        del permitted
        return self._rates(situation.facts.text("segment"))
