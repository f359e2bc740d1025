"""Intervals as people read them."""

from __future__ import annotations

from training.evaluation.result import Interval
from training.report.blocks import UNKNOWN


def interval(span: Interval | None) -> str:
    """`0.281 … 0.339`; a dash where there is none."""
    if span is None or span.low != span.low:
        return UNKNOWN
    return f"{span.low:.3f} … {span.high:.3f}".replace("-", "−")
