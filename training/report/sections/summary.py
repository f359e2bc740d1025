"""The page in one look: does it beat the baselines, can its probabilities be believed."""

from __future__ import annotations

from collections.abc import Iterator

from training.evaluation.month_evaluation import MIN_ADDITIONS
from training.evaluation.result import ACCEPTED_OBSERVED_OVER_EXPECTED, EvaluationResult
from training.report.blocks import Block, Paragraph, Section, Tile, Tiles, count, measure, signed
from training.report.figures.product_lift import FEW_ADDITIONS
from training.report.interval_text import interval
from training.report.names import BASELINES
from training.report.training_run import TrainingRun

NOT_MEASURED = (
    "No label month follows the training months: nothing was measured on new data. Import the next "
    "month and run `nbo evaluate`, or train with an earlier --train-until."
)


def summary(run: TrainingRun) -> Section:
    """Tiles and a verdict in words."""
    blocks: list[Block]
    if run.measured is None:
        blocks = [Paragraph(NOT_MEASURED, "alarm")]
    else:
        result = run.measured.result
        blocks = [Tiles(_tiles(result)), _verdict(result), *_calibration(result), _leaks(result)]
    if run.snapshot_gaps is not None:
        blocks.append(Paragraph(f"Mind the months of {run.snapshot_gaps}.", "alarm"))
    return Section("summary", "Summary", blocks)


def best_baseline(result: EvaluationResult) -> str:
    """The baseline with the highest MAP@7."""
    return max(BASELINES, key=lambda name: result.rankings[name].map_at_7)


def _tiles(result: EvaluationResult) -> list[Tile]:
    best = best_baseline(result)
    expected = sum(product.expected for product in result.products.values())
    added = sum(product.additions for product in result.products.values())
    return [
        Tile("MAP@7", measure(result.map_at_7), interval(result.intervals["model"].map_at_7)),
        Tile(
            f"best baseline ({best})",
            measure(result.rankings[best].map_at_7),
            interval(result.intervals[best].map_at_7),
        ),
        Tile("lift of the first tenth", measure(result.lift_by_decile[0], 2), "1 is chance"),
        Tile("calibration error (ECE)", measure(result.ece, 4), "mean |observed − expected|"),
        Tile("additions", count(added), f"{count(expected)} expected"),
    ]


def _verdict(result: EvaluationResult) -> Paragraph:
    best = best_baseline(result)
    lead = result.intervals[best].model_lead_map_at_7
    difference = result.map_at_7 - result.rankings[best].map_at_7
    shown = f"MAP@7 {signed(difference)}, {interval(lead)}" if lead else ""
    if lead is not None and lead.low > 0:
        return Paragraph(f"The model ranks better than the best baseline, {best}: {shown}.", "good")
    if lead is not None and lead.high < 0:
        return Paragraph(f"The model ranks worse than {best}: {shown}. Do not promote it.", "alarm")
    text = f"The model cannot be told apart from the best baseline, {best}: {shown}."
    return Paragraph(text, "alarm")


def _calibration(result: EvaluationResult) -> Iterator[Paragraph]:
    """How many products promise what was observed, and whether calibration made it better."""
    low, high = ACCEPTED_OBSERVED_OVER_EXPECTED
    judged = [p for p in result.products.values() if p.observed_over_expected is not None]
    outside = [name for name, product in result.products.items() if product.is_miscalibrated]
    if not judged:
        yield Paragraph(f"No product has the {MIN_ADDITIONS} additions its calibration needs.")
    elif outside:
        yield Paragraph(
            f"Observed over expected lies outside {low} to {high} for {len(outside)} of"
            f" {len(judged)} products with {MIN_ADDITIONS} additions: {', '.join(outside)}.",
            "alarm",
        )
    else:
        yield Paragraph(
            f"Observed over expected lies within {low} to {high} for all {len(judged)} products"
            f" with {MIN_ADDITIONS} additions.",
            "good",
        )
    if result.ece > result.ece_uncalibrated:
        yield Paragraph(
            f"Calibration made the probabilities worse on this month: ECE {measure(result.ece, 4)},"
            f" {measure(result.ece_uncalibrated, 4)} without it.",
            "alarm",
        )


def _leaks(result: EvaluationResult) -> Paragraph:
    if not result.leakage_alarm:
        return Paragraph("No leakage alarm: no product is ranked with an AUC above 0.9.", "good")
    named = ", ".join(result.leakage_alarm)
    most = max(result.products[name].additions for name in result.leakage_alarm)
    luck = f" None of them has more than {most} additions." if most < FEW_ADDITIONS else ""
    return Paragraph(f"Leakage alarm, AUC above 0.9: {named}.{luck}", "alarm")
