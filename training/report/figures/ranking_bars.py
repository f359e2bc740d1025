"""The model beside what it must beat, with intervals."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure as Canvas

from training.evaluation.result import EvaluationResult, Interval
from training.report.blocks import Figure
from training.report.drawing import FAINT, INK, MODEL, OTHER, beside, draw
from training.report.names import RANKINGS, shown_rankings

_MEASURES = {"map_at_7": "MAP@7", "ndcg_at_5": "NDCG@5", "hit_rate_at_1": "hit rate@1"}
_CAPTION = (
    "Three measures of the same rankings, averaged over customers who added something; lines span "
    "95 % intervals from resampled customers. Right is better."
)


def ranking_bars(result: EvaluationResult) -> Figure:
    """Bars per ranking and measure."""
    names = shown_rankings(result.rankings, "uncalibrated")

    def plot(canvas: Canvas) -> None:
        axes = canvas.subplots(1, len(_MEASURES), sharey=True)
        for panel, measure in zip(axes, _MEASURES, strict=True):
            _bars(panel, result, names, measure)
        axes[0].set_yticks(range(len(names)), [RANKINGS[name] for name in names])
        axes[0].invert_yaxis()

    told = ", ".join(f"{RANKINGS[name]} {result.rankings[name].map_at_7:.3f}" for name in names)
    svg = draw("ranking-bars", 0.75 + 0.27 * len(names), plot)
    return Figure("ranking-bars", svg, f"Bars of MAP@7: {told}.", _CAPTION)


def _bars(axes: Any, result: EvaluationResult, names: list[str], measure: str) -> None:
    values = [getattr(result.rankings[name], measure) for name in names]
    spans: list[Interval] = [getattr(result.intervals[name], measure) for name in names]
    fills = [FAINT if name == "model" else "none" for name in names]
    edges = [MODEL if name == "model" else OTHER for name in names]
    rows = range(len(names))
    axes.barh(rows, values, color=fills, edgecolor=edges, height=0.62)
    axes.hlines(rows, [s.low for s in spans], [s.high for s in spans], color=INK, linewidth=1.2)
    for row, value, span in zip(rows, values, spans, strict=True):
        beside(axes, f"{value:.3f}", (max(value, span.high), row))
    ends = [end for end in (*values, *(span.high for span in spans)) if end == end]
    axes.set_xlim(0.0, 1.3 * max(ends, default=0.0) or 1.0)
    axes.set_title(_MEASURES[measure])
    axes.locator_params(axis="x", nbins=4)
    axes.tick_params(axis="y", length=0)
