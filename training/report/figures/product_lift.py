"""Lift of every product among the tenth of customers ranked first."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure as Canvas

from training.evaluation.result import EvaluationResult
from training.report.blocks import Figure
from training.report.drawing import FAINT, INK, MODEL, beside, draw

FEW_ADDITIONS = 20
"""Under so many additions a lift is mostly luck, and drawn hollow."""
_MOST = 42
"""More names than that do not fit on a printed page; the table of products has all."""
_CAPTION = (
    "How many times the average rate is reached when only the likeliest tenth of a product's "
    "candidates is asked; 10 is the most there can be, 1 (dashed) is chance. Hollow: fewer than "
    f"{FEW_ADDITIONS} additions, mostly luck. Products nobody added are left out{{others}}."
)


def product_lift(result: EvaluationResult) -> Figure:
    """Bars per product, best first."""
    told = {
        name: (product.lift_at_top_tenth, product.additions)
        for name, product in result.products.items()
        if product.lift_at_top_tenth is not None
    }
    most_added = sorted(told, key=lambda name: -told[name][1])[:_MOST]
    names = sorted(most_added, key=lambda name: (told[name][1] < FEW_ADDITIONS, -told[name][0]))
    others = f", as are {len(told) - _MOST} with fewer additions" if len(told) > _MOST else ""

    def plot(canvas: Canvas) -> None:
        axes: Any = canvas.subplots()
        rows = range(len(names))
        lifts = [told[name][0] for name in names]
        colours = [FAINT if told[name][1] >= FEW_ADDITIONS else "none" for name in names]
        axes.barh(rows, lifts, color=colours, edgecolor=MODEL, height=0.66)
        axes.axvline(1.0, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
        for row, name in zip(rows, names, strict=True):
            lift, additions = told[name]
            beside(axes, f"{lift:.1f}  ({additions:,})", (lift, row))
        axes.set_yticks(rows, names, fontsize=8)
        axes.set(ylim=(len(names) - 0.4, -0.6), xlim=(0, 11.2), xlabel="lift (additions)")
        axes.tick_params(axis="y", length=0)

    best = ", ".join(f"{name} {told[name][0]:.1f}" for name in names[:3])
    svg = draw("product-lift", 0.7 + 0.2 * len(names), plot)
    return Figure(
        "product-lift",
        svg,
        f"Lift per product; highest: {best or 'none'}.",
        _CAPTION.format(others=others),
    )
