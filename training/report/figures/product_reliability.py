"""Calibration product by product, where there are additions enough to judge it."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure as Canvas

from training.evaluation.month_evaluation import MIN_ADDITIONS
from training.metrics import reliability
from training.report.blocks import Figure
from training.report.drawing import WIDTH, draw
from training.report.figures.reliability_points import ReliabilityPoints
from training.report.training_run import Measured

_BINS, _MOST, _LABELS = 8, 42, 3
_FEW, _ACROSS_FEW, _ACROSS_MANY = 20, 4, 6
_CAPTION = (
    f"Every product with at least {MIN_ADDITIONS} additions in the month: observed rate (up) "
    f"against mean probability (right) in {_BINS} bins of equally many customers, drawn as above; "
    "each panel has its own scale{others}."
)


def product_reliability(measured: Measured, codes: Sequence[int]) -> Figure:
    """One small panel per product code, in the order given."""
    additions = [measured.result.products[n].additions for n in measured.scores.month.vocabulary]
    shown = sorted(sorted(codes, key=lambda code: -additions[code])[:_MOST])
    others = f"; {len(codes) - _MOST} with fewer additions are left out" * (len(codes) > _MOST)
    across = _ACROSS_FEW if len(shown) <= _FEW else _ACROSS_MANY
    down = -(-len(shown) // across)

    def plot(canvas: Canvas) -> None:
        panels = canvas.subplots(down, across, squeeze=False).ravel()
        for code, axes in zip(shown, panels, strict=False):
            _points(measured, code).draw(axes, most_labels=_LABELS)
            axes.tick_params(labelsize=7 if across == _ACROSS_FEW else 6)
            axes.set_title(_title(measured, code), fontsize=8 if across == _ACROSS_FEW else 7)
        for axes in panels[len(shown) :]:
            axes.set_axis_off()

    vocabulary = measured.scores.month.vocabulary
    named = ", ".join(vocabulary[code] for code in shown)
    svg = draw("product-reliability", down * WIDTH / across * 0.95, plot)
    return Figure(
        "product-reliability",
        svg,
        f"Calibration panels of {named}.",
        _CAPTION.format(others=others),
    )


def _title(measured: Measured, code: int) -> str:
    name = measured.scores.month.vocabulary[code]
    return f"{name}\n{measured.result.products[name].additions:,} added"


def _points(measured: Measured, code: int) -> ReliabilityPoints:
    month = measured.scores.month
    known = month.candidates[:, code]
    expected, observed, weights = reliability(
        measured.scores.by_name["model"][known, code], month.labels[known, code], _BINS
    )
    return ReliabilityPoints(expected, observed, weights * known.sum())
