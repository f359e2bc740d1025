"""Figures of the training report as inline SVG."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from training.evaluation.result import CalibrationBin

# Otherwise element ids are drawn at random and no two reports have equal bytes.
_STABLE: dict[Any, Any] = {"svg.hashsalt": "nbo", "svg.fonttype": "none"}


def calibration_figure(bins: Sequence[CalibrationBin]) -> str:
    """Observed rate against mean probability of equal-mass bins, both axes logarithmic."""
    shown = [(b.expected, b.observed) for b in bins if b.expected > 0 and b.observed > 0]
    with mpl.rc_context(_STABLE):
        figure = Figure(figsize=(5, 4))
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        if shown:
            expected, observed = zip(*shown, strict=True)
            ends = (min(*expected, *observed), max(*expected, *observed))
            axes.loglog(ends, ends, color="#bbb", linewidth=1)
            axes.loglog(expected, observed, marker="o", color="#0a6")
        axes.set_xlabel("mean probability")
        axes.set_ylabel("observed rate")
        # Labels of minor ticks overlap as soon as an axis spans less than two decades.
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.yaxis.set_minor_formatter(NullFormatter())
        empty = len(bins) - len(shown)
        axes.set_title(f"Calibration, {len(bins)} equal-mass bins ({empty} without additions)")
        figure.tight_layout()
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]
