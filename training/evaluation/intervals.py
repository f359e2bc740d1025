"""How sure a ranking's measures are: 95 % intervals from resampled customers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from feature_repo.raw_features import Float32s
from training.evaluation.month_scores import Scores
from training.evaluation.result import Interval, RankingIntervals
from training.metrics import (
    Ranked,
    RankedMonth,
    average_precisions,
    hits_within,
    normalised_gains,
)

RESAMPLES = 500
_SEED = 20_260_101
"""Fixed: the same bundle on the same month always shows the same intervals."""


def ranking_intervals(
    by_name: Mapping[str, Scores], labels: Float32s
) -> dict[str, RankingIntervals]:
    """Intervals of every ranking, and of the model's lead over it on the same customers."""
    values = np.concatenate([_per_customer(scores, labels) for scores in by_name.values()], axis=1)
    means = _resampled_means(values).reshape(RESAMPLES, len(by_name), 3)
    model = list(by_name).index("model")
    return {
        name: RankingIntervals(
            map_at_7=_interval(means[:, number, 0]),
            ndcg_at_5=_interval(means[:, number, 1]),
            hit_rate_at_1=_interval(means[:, number, 2]),
            model_lead_map_at_7=(
                None if number == model else _interval(means[:, model, 0] - means[:, number, 0])
            ),
        )
        for number, name in enumerate(by_name)
    }


def _per_customer(scores: Scores, labels: Float32s) -> Ranked:
    """MAP@7, NDCG@5 and hit rate@1 (a, 3) of every customer who added something."""
    ranked = RankedMonth.of(scores, labels)
    columns = (average_precisions(ranked), normalised_gains(ranked), hits_within(ranked))
    return np.stack(columns, axis=1)


def _resampled_means(values: Ranked) -> Ranked:
    """Column means (resamples, k) of values (a, k) over customers drawn with replacement."""
    customers = len(values)
    if not customers:
        return np.full((RESAMPLES, values.shape[1]), np.nan)
    rng = np.random.default_rng(_SEED)
    means = np.empty((RESAMPLES, values.shape[1]))
    for number in range(RESAMPLES):
        means[number] = values[rng.integers(customers, size=customers)].mean(axis=0)
    return means


def _interval(means: Ranked) -> Interval:
    low, high = np.quantile(means, (0.025, 0.975))
    return Interval(float(low), float(high))
