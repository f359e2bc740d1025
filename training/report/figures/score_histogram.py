"""Where the scores of pairs that were added lie, beside those that were not."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure as Canvas
from numpy.typing import NDArray

from feature_repo.raw_features import Float64s
from model_registry.calibration import log_odds, logistic
from training.report.blocks import Figure, percent
from training.report.drawing import FAINT, GRID, INK, MODEL, OTHER, draw
from training.report.figures.rate_axes import rate_label
from training.report.training_run import Measured

_BARS = 60
_RATES = (1e-5, 1e-4, 1e-3, 1e-2, 0.1, 0.5, 0.9, 0.99)
_CAPTION = (
    "Calibrated probabilities on the scale of log-odds, each group with area 1. The further right "
    "the filled shape lies from the line, the better the model tells additions apart."
)


def score_histogram(measured: Measured) -> Figure:
    """Densities of the log-odds of candidates added and not added."""
    month = measured.scores.month
    odds = log_odds(measured.scores.by_name["model"][month.candidates])
    added = month.labels[month.candidates] == 1
    low, high = float(odds.min()), float(odds.max())
    margin = max((1.0 - (high - low)) / 2.0, 1e-9)
    edges = np.linspace(low - margin, high + margin, _BARS + 1)

    def plot(canvas: Canvas) -> None:
        axes: Any = canvas.subplots()
        if added.any():
            filled = {"histtype": "stepfilled", "color": FAINT, "edgecolor": MODEL}
            axes.hist(odds[added], edges, density=True, label="added", **filled)
        line = {"histtype": "step", "color": OTHER, "linestyle": "--", "linewidth": 1.4}
        axes.hist(odds[~added], edges, density=True, label="not added", **line)
        axes.set(xlabel="log-odds", ylabel="density", xlim=(edges[0], edges[-1]))
        axes.grid(visible=True, color=GRID)
        axes.legend(loc="upper right")
        above = axes.secondary_xaxis("top")
        ticks = [r for r in _RATES if edges[0] <= log_odds(np.array([r]))[0] <= edges[-1]]
        above.set_xticks(log_odds(np.array(ticks)), [rate_label(rate) for rate in ticks])
        above.tick_params(labelcolor=INK)

    svg = draw("scores", 2.9, plot)
    return Figure("scores", svg, _alternative(odds, added), _CAPTION)


def _alternative(odds: Float64s, added: NDArray[np.bool_]) -> str:
    told = [
        f"{name} {percent(float(logistic(np.median(odds[chosen], keepdims=True))[0]), 2)}"
        for name, chosen in (("added", added), ("not added", ~added))
        if chosen.any()
    ]
    return f"Distributions of scores; median probability: {', '.join(told)}."
