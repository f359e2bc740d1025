"""How much is gained by asking the likeliest customers first."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure as Canvas

from training.evaluation.gain import SHARES, gain_curves, mean_gain
from training.report.blocks import Figure, percent
from training.report.drawing import FAINT, GRID, INK, MODEL, MUTED, OTHER, draw
from training.report.names import RANKINGS, shown_rankings
from training.report.training_run import Measured

_LINES: dict[str, dict[str, Any]] = {
    "model": {"color": MODEL, "linewidth": 2.2},
    "affinity": {"color": OTHER, "linestyle": "--"},
    "transition": {"color": OTHER, "linestyle": ":"},
    "oracle": {"color": MUTED, "linestyle": "-."},
}
_CAPTION = (
    "Left: share of a month's additions found among the first x % of a product's candidates, "
    "averaged over products by their additions; popularity says the same of every customer, so it "
    "lies on chance. Right: rate of additions in each tenth of the candidates, likeliest first, "
    "as a multiple of the average rate."
)


def gain(measured: Measured) -> Figure:
    """Cumulative gain of the rankings that tell customers apart, and the model's lift by decile."""
    labels = measured.scores.month.labels
    names = shown_rankings(measured.scores.by_name, "uncalibrated", "popularity")
    curves = {n: mean_gain(gain_curves(measured.scores.by_name[n], labels), labels) for n in names}
    lifts = measured.result.lift_by_decile

    def plot(canvas: Canvas) -> None:
        left, right = canvas.subplots(1, 2, width_ratios=(1.1, 1))
        left.plot((0, 100), (0, 100), color=MUTED, linewidth=0.8, label="chance")
        for name in reversed(names):
            left.plot(100 * SHARES, 100 * curves[name], label=RANKINGS[name], **_LINES[name])
        left.set(xlabel="first x % of candidates", ylabel="% of additions found")
        left.set(xlim=(0, 100), ylim=(0, 101))
        left.grid(visible=True, color=GRID)
        handles, texts = left.get_legend_handles_labels()
        left.legend(handles[::-1], texts[::-1], loc="lower right", fontsize=8)
        _lift_bars(right, lifts)

    told = f"{percent(curves['model'][10])} of additions among the first 10 % of candidates"
    alternative = (
        f"Cumulative gain: the model finds {told}; lift of the first tenth {lifts[0]:.2f}."
    )
    return Figure("gain", draw("gain", 3.3, plot), alternative, _CAPTION)


def _lift_bars(axes: Any, lifts: list[float]) -> None:
    tenths = range(1, len(lifts) + 1)
    axes.bar(tenths, lifts, color=FAINT, edgecolor=MODEL, width=0.75)
    axes.axhline(1.0, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
    for tenth, lift in zip(tenths, np.nan_to_num(lifts), strict=True):
        place = {"xytext": (0, 3), "textcoords": "offset points", "ha": "center"}
        axes.annotate(f"{lift:.1f}", (tenth, lift), fontsize=8, **place)
    axes.set_xticks(tenths)
    axes.set(xlabel="tenth of candidates, likeliest first", ylabel="lift")
    axes.margins(y=0.12)
    axes.tick_params(axis="x", length=0)
