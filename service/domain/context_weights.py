"""What the moment says about groups of offers: the bank's context table, laid over its offers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from service.domain.columns import Floats

LOWEST, HIGHEST = 0.5, 2.0


@dataclass(frozen=True)
class ContextWeight:
    """One row of the context table: where trigger and intent match (None = any), the group weighs
    so much.
    """

    trigger: str | None
    intent: str | None
    group: str
    weight: float


class ContextFactors:
    """One factor per offer for every trigger and intent the table names, each made once."""

    def __init__(self, table: tuple[ContextWeight, ...], groups: tuple[str, ...]) -> None:
        self._table, self._groups = table, np.array(groups, dtype=object)
        self._triggers = frozenset(row.trigger for row in table)
        self._intents = frozenset(row.intent for row in table)
        self._made: dict[tuple[str | None, str | None], Floats] = {}

    def of(self, trigger: str | None, intent: str | None) -> Floats:
        """The product of the matching rows' weights, clipped to [0.5, 2]; 1 where none matches.
        Nobody may write into it.
        """
        named = (
            trigger if trigger in self._triggers else None,
            intent if intent in self._intents else None,
        )
        factors = self._made.get(named)
        if factors is None:
            factors = self._made[named] = self._weigh(*named)
        return factors

    def _weigh(self, trigger: str | None, intent: str | None) -> Floats:
        factors = np.ones(len(self._groups))
        for row in self._table:
            if row.trigger in (None, trigger) and row.intent in (None, intent):
                factors[self._groups == row.group] *= row.weight
        factors = factors.clip(LOWEST, HIGHEST)
        factors.flags.writeable = False
        return factors
