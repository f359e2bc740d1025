"""C: what the moment says about a group of offers."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from service.domain.columns import Floats
from service.domain.situation import Situation

LOWEST, HIGHEST = 0.5, 2.0


class ContextWeight:
    """Multiplies the bank's weights for the trigger and intent at hand, clipped to [0.5, 2]."""

    name: ClassVar[str] = "context_weight"

    def factors(self, situation: Situation) -> Floats:
        """One weight per offer, 1 where no row of the context table matches."""
        catalogue, ask = situation.catalogue, situation.ask
        factors = np.ones(len(catalogue))
        for row in catalogue.policy.context_weights:
            if row.trigger not in (None, ask.trigger) or row.intent not in (None, ask.intent):
                continue
            factors[catalogue.group_rows(row.group)] *= row.weight
        np.maximum(factors, LOWEST, out=factors)
        return np.minimum(factors, HIGHEST, out=factors)  # together a third of the time of np.clip
