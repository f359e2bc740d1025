"""Scorers, best first: how likely? The first that applies and does not fail answers, and its name
is recorded.
"""

from __future__ import annotations

from typing import Protocol

from service.domain.catalogue import Catalogue
from service.pipeline.stages import Scorer
from service.ports import Release
from service.scorers.business_order import BusinessOrder
from service.scorers.context_rate import ContextRate
from service.scorers.propensity import Propensity
from service.scorers.segment_rate import SegmentRate


class ScorerFactory(Protocol):
    """Scorers are made once per promoted bundle and catalogue, so that nothing is looked up per
    request.
    """

    def __call__(self, release: Release | None, catalogue: Catalogue) -> Scorer: ...


SCORERS: tuple[ScorerFactory, ...] = (
    Propensity,
    SegmentRate,
    ContextRate,
    BusinessOrder,
)
