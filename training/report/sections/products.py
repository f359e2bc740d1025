"""Every product's figures in one table."""

from __future__ import annotations

from training.evaluation.month_evaluation import MIN_ADDITIONS
from training.evaluation.result import ACCEPTED_OBSERVED_OVER_EXPECTED
from training.report.blocks import Section, Table, count, measure
from training.report.training_run import Measured, TrainingRun

_HEAD = ("product", "name", "candidates", "added", "expected", "obs./exp.", "AUC", "lift@10 %")

OUTSIDE = " ✗"


def products(run: TrainingRun, measured: Measured) -> Section:
    """Candidates, additions, what was expected, discrimination and lift."""
    rows = [
        (
            name,
            run.product_names.get(name, ""),
            count(product.candidates),
            count(product.additions),
            f"{product.expected:,.1f}",
            measure(product.observed_over_expected, 2) + OUTSIDE * product.is_miscalibrated,
            measure(product.auc),
            measure(product.lift_at_top_tenth, 1),
        )
        for name, product in measured.result.products.items()
    ]
    low, high = ACCEPTED_OBSERVED_OVER_EXPECTED
    caption = (
        f"Observed over expected is told from {MIN_ADDITIONS} additions;{OUTSIDE} marks what lies"
        f" outside {low} to {high}. AUC and lift of few additions are mostly luck."
    )
    return Section("products", "Products", [Table(_HEAD, rows, caption, text_columns=2)])
