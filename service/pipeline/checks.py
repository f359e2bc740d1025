"""What a stage may return; anything else is a failure of that stage, so that no rule fails open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from service.domain.columns import Floats, Mask
from service.domain.situation import Situation
from service.pipeline.stages import Scorer, Selector

# Ranges are checked by smallest and largest: NaN is both of any numbers that hold one, and fails
# every comparison.

BOOL, FLOAT64 = np.dtype(np.bool_), np.dtype(np.float64)
"""A dtype compares itself with another four times faster than with a class."""


class StageResultInvalid(Exception):
    """A stage returned something of another type, shape or range than it promised."""


def mask(stage: Callable[[Situation], Mask], situation: Situation) -> Mask:
    """The stage's mask; it must be one bool per offer, for NaN would read as permission."""
    result = stage(situation)
    if not _is_column(result, BOOL, situation):
        raise StageResultInvalid("not one bool per offer")
    return result


def scores(scorer: Scorer, situation: Situation, permitted: Mask) -> Floats | None:
    """Scores with NaN wherever not permitted; None when the scorer does not apply."""
    if not scorer.applies(situation):
        return None
    result = scorer.scores(situation, permitted)
    if not _is_column(result, FLOAT64, situation):
        raise StageResultInvalid("not one float64 per offer")
    of_permitted = result[permitted]
    lowest, highest = np.minimum.reduce(of_permitted), np.maximum.reduce(of_permitted)
    if not (lowest >= 0.0 and highest <= 1.0):
        raise StageResultInvalid("not between 0 and 1 where permitted")
    scores = np.full(len(permitted), np.nan)
    scores[permitted] = of_permitted
    return scores


def factors(stage: Callable[[Situation], Floats], situation: Situation) -> Floats:
    """The stage's multipliers; each must be a finite number not below zero."""
    result = stage(situation)
    if not _is_column(result, FLOAT64, situation):
        raise StageResultInvalid("not one float64 per offer")
    lowest, highest = np.minimum.reduce(result), np.maximum.reduce(result)
    if not (lowest >= 0.0 and highest < np.inf):
        raise StageResultInvalid("not finite and positive")
    return result


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


def _is_column(result: object, dtype: np.dtype[Any], situation: Situation) -> bool:
    return (
        isinstance(result, np.ndarray)
        and result.dtype == dtype
        and result.shape == situation.catalogue.shape
    )
