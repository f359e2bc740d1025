"""Axes on which rates of a thousandth and of a half can both be read."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from feature_repo.raw_features import Float64s
from training.report.drawing import GRID

LOWEST = 1e-6
"""Rates below one in a million are drawn as if they were that."""


def rate_label(value: float, _: object = None) -> str:
    """A rate in percent, as short as it can be."""
    return f"{100.0 * value:.6f}".rstrip("0").rstrip(".") + " %"


def make_logarithmic(axis: Any, low: float, high: float, *, most_labels: int = 9) -> None:
    """A logarithmic axis from `low` to `high`, labelled in percent at powers of ten."""
    axis.axes.set(**{f"{axis.axis_name}scale": "log", f"{axis.axis_name}lim": (low, high)})
    # Where no power of ten, or only one, falls inside, the steps between tell the scale.
    decades = np.floor(np.log10(high)) - np.ceil(np.log10(low)) + 1
    steps = (1.0,) if decades >= 2 else (1.0, 2.0, 5.0)
    axis.set_major_locator(LogLocator(subs=steps, numticks=most_labels))
    axis.set_major_formatter(FuncFormatter(rate_label))
    axis.set_minor_formatter(NullFormatter())
    axis.set_minor_locator(NullLocator())
    axis.axes.grid(visible=True, axis=axis.axis_name, color=GRID)


def wilson(rates: Float64s, counts: Float64s) -> tuple[Float64s, Float64s]:
    """The 95 % interval of each observed rate, known from so many pairs."""
    square = 1.96**2
    centre = (rates + square / (2 * counts)) / (1 + square / counts)
    spread = 1.96 * np.sqrt(rates * (1 - rates) / counts + square / (4 * counts**2))
    spread = spread / (1 + square / counts)
    return np.maximum(centre - spread, 0.0), np.minimum(centre + spread, 1.0)
