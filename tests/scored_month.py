"""A scored month with known chances, as large and as odd as a test wants it."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from training.evaluation.month_evaluation import measure
from training.evaluation.month_scores import MonthScores
from training.label_month import LabelMonth
from training.report import Measured


def scored_month(chances: NDArray[np.float64], *, seed: int = 3, oracle: bool = False) -> Measured:
    """Labels drawn from chances (n, V), which the model knows exactly and baselines do not."""
    rng = np.random.default_rng(seed)
    labels = (rng.random(chances.shape) < chances).astype(np.float32)
    unknown = rng.random(chances.shape) < 0.1
    unknown[:, 0] = False
    labels[unknown] = np.nan
    vocabulary = [f"product_{code:02d}" for code in range(chances.shape[1])]
    customers = [f"C{row:05d}" for row in range(len(chances))]
    month = LabelMonth(date(2026, 6, 30), date(2026, 5, 31), customers, labels, vocabulary)
    popularity = np.broadcast_to(chances.mean(axis=0), chances.shape)
    scores = {
        "model": np.where(np.isnan(labels), np.nan, chances),
        "uncalibrated": np.where(np.isnan(labels), np.nan, chances * 0.5),
        "affinity": chances * rng.lognormal(0.0, 1.5, chances.shape),
        "popularity": popularity,
        "transition": popularity * rng.choice([0.5, 1.0], chances.shape),
    }
    scored = MonthScores(month, scores | ({"oracle": chances} if oracle else {}))
    return Measured(scored, measure(scored, "this bundle"))


def spread_chances(customers: int, products: int, *, seed: int = 4) -> NDArray[np.float64]:
    """Chances around 5 %, between a thousandth and nine in ten."""
    odds = np.random.default_rng(seed).normal(-3.0, 1.3, (customers, products))
    return np.clip(1.0 / (1.0 + np.exp(-odds)), 0.001, 0.9)
