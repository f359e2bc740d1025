"""How far apart additions and the rest are scored."""

from __future__ import annotations

from training.report.blocks import Section
from training.report.figures.score_histogram import score_histogram
from training.report.training_run import Measured


def score_distribution(measured: Measured) -> Section:
    """One histogram of two groups."""
    return Section("scores", "Score distributions", [score_histogram(measured)])
