"""What asking the likeliest customers first is worth."""

from __future__ import annotations

from training.report.blocks import Block, Section
from training.report.figures.gain import gain as gain_figure
from training.report.figures.product_lift import product_lift
from training.report.training_run import Measured


def gain(measured: Measured) -> Section:
    """Cumulative gain, lift by decile, lift by product."""
    blocks: list[Block] = [gain_figure(measured), product_lift(measured.result)]
    return Section("gain", "Gain and lift", blocks)
