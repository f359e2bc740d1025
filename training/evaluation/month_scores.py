"""Every way to rank, asked about every customer of one month."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model_registry.home import Home
from model_registry.propensity_model import PropensityModel
from training.evaluation.oracle_scores import oracle_scores
from training.fitted_baselines import FittedBaselines
from training.label_month import LabelMonth
from training.month_features import month_chunks
from training.progress import Progress

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class MonthScores:
    """Scores (n, V) by name: model, uncalibrated, popularity, transition, affinity and, where

    the bank is simulated, oracle. Pairs without a label hold NaN for the model.
    """

    month: LabelMonth
    by_name: dict[str, Scores]


def score_month(
    home: Home,
    month: LabelMonth,
    model: PropensityModel,
    baselines: FittedBaselines,
    *,
    progress: Progress,
) -> MonthScores:
    """Score the month's candidates by the model and by everything it must beat."""
    shape = month.labels.shape
    learned = {name: np.full(shape, np.nan) for name in ("model", "uncalibrated", "affinity")}
    last_products = np.empty(shape[0], dtype=np.intp)
    affinity = model.layout.product_names.index("affinity")
    for chunk in month_chunks(home, month, model.layout, progress):
        here = slice(chunk.start, chunk.stop)
        chosen = month.candidates[here]
        rows, codes = chunk.rows(month.candidates)
        raw = model.uncalibrated(rows)
        learned["uncalibrated"][here][chosen] = raw
        learned["model"][here][chosen] = model.calibrators.apply(raw, codes)
        learned["affinity"][here] = np.nan_to_num(chunk.product[:, :, affinity], nan=-np.inf)
        last_products[here] = chunk.last_products
    scores = learned | {
        "popularity": np.broadcast_to(baselines.popularity.astype(np.float64), shape),
        "transition": baselines.transition.astype(np.float64)[last_products],
    }
    return MonthScores(month, scores | oracle_scores(home, month))
