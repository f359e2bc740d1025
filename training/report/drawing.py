"""Figures as inline SVG whose colours are the page's own, equal to the byte for equal numbers."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

WIDTH = 7.0
"""Width in inches of every figure, so that letters are equally large in all of them."""

# Stand-ins matplotlib writes out; the page's style sheet says what they look like, also in print.
INK, MUTED, GRID = "#010101", "#020202", "#030303"
MODEL, OTHER, FAINT = "#040404", "#050505", "#060606"
_THEME = {
    INK: "currentColor",
    MUTED: "var(--muted)",
    GRID: "var(--grid)",
    MODEL: "var(--model)",
    OTHER: "var(--other)",
    FAINT: "var(--faint)",
}
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.size": 9,
    "font.family": "DejaVu Sans",
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "patch.linewidth": 0.8,
}
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))
_ROOT = re.compile(r"<svg [^>]*?(viewBox=\"[^\"]+\")[^>]*>")
_HEIGHT_LIMITS = (1.2, 9.6)


def draw(name: str, height: float, plot: Callable[[Figure], None]) -> str:
    """The SVG element that `plot` draws, `height` inches high; never higher than a printed page."""
    low, high = _HEIGHT_LIMITS
    with mpl.rc_context(_STYLE | {"svg.hashsalt": name}):
        figure = Figure(figsize=(WIDTH, min(max(height, low), high)), layout="constrained")
        plot(figure)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata=_NO_METADATA)
    return _inline(buffer.getvalue(), name)


def beside(axes: Any, text: str, end: tuple[float, float]) -> None:
    """The number at the end of a horizontal bar; nothing where there is no bar."""
    if end[0] == end[0]:
        place = {"xytext": (4, 0), "textcoords": "offset points", "va": "center"}
        axes.annotate(text, end, fontsize=8, **place)


def _inline(document: str, name: str) -> str:
    """The element alone: no name spaces, ids of its own, and the page's colours."""
    text = document[document.index("<svg") :].strip()
    text = _ROOT.sub(r"<svg \1>", text, count=1).replace("xlink:href", "href")
    for written, read in (
        ('id="', f'id="{name}-'),
        ('"#', f'"#{name}-'),
        ("url(#", f"url(#{name}-"),
    ):
        text = text.replace(written, read)
    for stand_in, colour in _THEME.items():
        text = text.replace(stand_in, colour)
    return re.sub(r"\n\s*", "\n", text)
