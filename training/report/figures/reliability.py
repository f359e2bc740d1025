"""Calibration over all candidates, with where the probabilities lie."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure as Canvas

from feature_repo.raw_features import Float64s
from training.evaluation.result import EvaluationResult
from training.report.blocks import Figure, measure, percent
from training.report.drawing import FAINT, GRID, MODEL, draw
from training.report.figures.rate_axes import LOWEST, make_logarithmic
from training.report.figures.reliability_points import ReliabilityPoints

_BARS = 60
_CAPTION = (
    "Each point is one of {bins} bins with equally many customer × product pairs: the rate that "
    "was observed above the mean probability that was promised, with its 95 % interval. On the "
    "dashed line the promise was kept. Bins without additions ({empty}) stand hollow on the floor. "
    "Below: how many pairs have which probability."
)


def reliability(result: EvaluationResult, probabilities: Float64s) -> Figure:
    """The bins of the result above the histogram of the probabilities (m,)."""
    bins = result.calibration
    points = ReliabilityPoints(
        np.array([b.expected for b in bins]),
        np.array([b.observed for b in bins]),
        np.array([max(b.weight * len(probabilities), 1.0) for b in bins]),
    )
    low, high = points.limits
    shown = np.clip(probabilities, LOWEST, 1.0)
    low, high = min(low, float(shown.min())), max(high, float(shown.max()))

    def plot(canvas: Canvas) -> None:
        above, below = canvas.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        points.draw(above)
        above.set_ylabel("observed rate")
        above.tick_params(axis="x", length=0)
        below.hist(
            shown, np.geomspace(low, high, _BARS + 1), color=FAINT, edgecolor=MODEL, linewidth=0.5
        )
        make_logarithmic(below.xaxis, low, high)
        below.set(xlabel="probability", ylabel="pairs")
        below.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        below.locator_params(axis="y", nbins=3)
        below.grid(visible=True, axis="y", color=GRID)

    ends = f"from {percent(bins[0].expected, 3)} to {percent(bins[-1].expected, 2)}"
    alternative = (
        f"Observed rate against mean probability in {len(bins)} bins {ends}; "
        f"mean distance from the diagonal (ECE) {measure(result.ece, 4)}."
    )
    caption = _CAPTION.format(bins=len(bins), empty=sum(b.observed == 0 for b in bins))
    return Figure("reliability", draw("reliability", 5.0, plot), alternative, caption)
