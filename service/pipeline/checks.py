"""What a stage may return; anything else is a failure of that stage, so that no rule fails open."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from service.domain.columns import Floats, Mask
from service.domain.situation import Situation
from service.pipeline.stages import Scorer, Selector

T = TypeVar("T", np.bool_, np.float64)

# Ranges are checked by smallest and largest: NaN is both of any numbers that hold one, and fails
# every comparison.

BOOL, FLOAT64 = np.dtype(np.bool_), np.dtype(np.float64)
"""A dtype compares itself with another four times faster than with a class."""


class StageResultInvalid(Exception):
    """A stage returned something of another type, shape or range than it promised."""


def column(result: object, dtype: np.dtype[T], situation: Situation) -> NDArray[T]:
    """What a stage returned; it must be one value of this dtype per offer, for NaN would read as
    permission and a shorter mask be spread over all offers.
    """
    if (
        isinstance(result, np.ndarray)
        and result.dtype == dtype
        and result.shape == situation.catalogue.shape
    ):
        return result
    raise StageResultInvalid(f"not one {dtype} per offer")


def scores(scorer: Scorer, situation: Situation, permitted: Mask) -> Floats | None:
    """Scores with NaN wherever not permitted; None when the scorer does not apply."""
    if not scorer.applies(situation):
        return None
    result = column(scorer.scores(situation, permitted), FLOAT64, situation)
    of_permitted = result[permitted]
    lowest, highest = np.minimum.reduce(of_permitted), np.maximum.reduce(of_permitted)
    if not (lowest >= 0.0 and highest <= 1.0):
        raise StageResultInvalid("not between 0 and 1 where permitted")
    scores = np.full(len(permitted), np.nan)
    scores[permitted] = of_permitted
    return scores


def factors(result: Floats, situation: Situation) -> Floats:
    """An adjustment's multipliers; each must be a finite number not below zero."""
    multipliers = column(result, FLOAT64, situation)
    lowest, highest = np.minimum.reduce(multipliers), np.maximum.reduce(multipliers)
    if not (lowest >= 0.0 and highest < np.inf):
        raise StageResultInvalid("not finite and positive")
    return multipliers


def slates(
    selector: Selector, situation: Situation, rankable: Mask, priority: Floats
) -> tuple[tuple[int, ...], ...]:
    """The selector's slates: one per placement, only rankable rows, none twice."""
    result = selector.select(situation, rankable, priority)
    rows = [row for slate in result for row in slate]
    if len(result) != len(situation.ask.placements):
        raise StageResultInvalid("not one slate per placement")
    if len(set(rows)) != len(rows) or not rankable[rows].all():
        raise StageResultInvalid("a row that was not permitted, or twice the same")
    return result
