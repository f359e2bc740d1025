"""Observed against expected rates in equal-mass bins, drawn with their intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from feature_repo.raw_features import Float64s
from training.report.drawing import MODEL, MUTED
from training.report.figures.rate_axes import LOWEST, make_logarithmic, wilson


@dataclass(frozen=True)
class ReliabilityPoints:
    """Mean probability, observed rate and number of pairs of each bin."""

    expected: Float64s
    observed: Float64s
    counts: Float64s

    @property
    def limits(self) -> tuple[float, float]:
        """A common range of both axes that shows every point, and no more than that."""
        positive = [v for v in (*self.expected, *self.observed) if v > LOWEST]
        if not positive:
            return LOWEST, 1.0
        return max(min(positive) / 2.0, LOWEST), min(max(positive) * 2.0, 1.0)

    def draw(self, axes: Any, *, most_labels: int = 9) -> None:
        """Points with 95 % intervals; a bin without additions stands hollow on the floor."""
        low, high = self.limits
        bottom, top = wilson(self.observed, self.counts)
        expected = np.clip(self.expected, low, high)
        some = self.observed > 0
        axes.plot((low, high), (low, high), color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.vlines(expected, np.clip(bottom, low, high), np.clip(top, low, high), color=MODEL)
        axes.plot(expected[some], self.observed[some], "o", color=MODEL, markersize=4)
        floor = {"markerfacecolor": "none", "clip_on": False, "markersize": 4}
        none = expected[~some]
        if len(none):  # an empty line that is not clipped makes the layout collapse
            axes.plot(none, np.full(len(none), low), "v", color=MODEL, **floor)
        make_logarithmic(axes.xaxis, low, high, most_labels=most_labels)
        make_logarithmic(axes.yaxis, low, high, most_labels=most_labels)
