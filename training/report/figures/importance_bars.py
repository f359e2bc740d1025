"""The columns the trees gain most by, under the view they come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure as Canvas

from training.report.blocks import Figure, percent
from training.report.column_importance import ColumnImportance
from training.report.drawing import FAINT, MODEL, beside, draw

_CAPTION = (
    "The {shown} columns with the largest share of the trees' gain, under their views. Gain: how "
    "much all splits on a column reduced the loss. Splits: how often it was split on. Neither "
    "says in which direction a column acts, and correlated columns share what is due to one."
)


def importance_bars(columns: Sequence[ColumnImportance]) -> Figure:
    """Two bars per column; the columns come grouped by view, best view first."""
    lines: list[ColumnImportance | str] = []
    for number, column in enumerate(columns):
        if number == 0 or columns[number - 1].view != column.view:
            lines.append(column.view)
        lines.append(column)

    def plot(canvas: Canvas) -> None:
        left, right = canvas.subplots(1, 2, sharey=True)
        _bars(left, lines, "gain", "share of gain, %")
        _bars(right, lines, "splits", "share of splits, %")
        left.set_yticks(range(len(lines)), [_label(line) for line in lines], fontsize=8)
        for line, tick in zip(lines, left.get_yticklabels(), strict=True):
            tick.set_fontweight("bold" if isinstance(line, str) else "normal")
        left.set_ylim(len(lines) - 0.4, -0.6)

    first = max(columns, key=lambda column: column.gain)
    alternative = f"Importance of {len(columns)} columns; largest: {first.name} with "
    alternative += f"{percent(first.gain)} of the gain and {percent(first.splits)} of the splits."
    svg = draw("importance", 0.7 + 0.205 * len(lines), plot)
    return Figure("importance", svg, alternative, _CAPTION.format(shown=len(columns)))


def _bars(axes: Any, lines: Sequence[ColumnImportance | str], share: str, label: str) -> None:
    rows = [row for row, line in enumerate(lines) if not isinstance(line, str)]
    shares = [100 * getattr(line, share) for line in lines if not isinstance(line, str)]
    axes.barh(rows, shares, color=FAINT, edgecolor=MODEL, height=0.66)
    for row, value in zip(rows, shares, strict=True):
        beside(axes, f"{value:.1f}", (value, row))
    axes.set_xlabel(label)
    axes.margins(x=0.14)
    axes.tick_params(axis="y", length=0)


def _label(line: ColumnImportance | str) -> str:
    return line if isinstance(line, str) else line.name
