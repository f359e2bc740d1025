"""Whether the probabilities can be taken at their word."""

from __future__ import annotations

from training.evaluation.month_evaluation import MIN_ADDITIONS
from training.report.blocks import Block, Paragraph, Section, measure
from training.report.figures.product_reliability import product_reliability
from training.report.figures.reliability import reliability
from training.report.training_run import Measured


def calibration(measured: Measured) -> Section:
    """Reliability over all pairs, then product by product where it can be judged."""
    result, scores = measured.result, measured.scores
    probabilities = scores.by_name["model"][scores.month.candidates]
    error = Paragraph(
        f"ECE {measure(result.ece, 4)}, before calibration {measure(result.ece_uncalibrated, 4)}: "
        f"the mean distance between promised and observed rate over {len(result.calibration)} bins."
    )
    blocks: list[Block] = [error, reliability(result, probabilities)]
    codes = [
        code
        for code, name in enumerate(scores.month.vocabulary)
        if result.products[name].additions >= MIN_ADDITIONS
    ]
    if codes:
        blocks.append(product_reliability(measured, codes))
    else:
        blocks.append(Paragraph(f"No product has the {MIN_ADDITIONS} additions a curve needs."))
    return Section("calibration", "Calibration", blocks)
