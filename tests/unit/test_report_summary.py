"""The report's summary hides neither probabilities that fail nor months that are missing."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from tests.reported_run import reported_run
from training.evaluation.result import EvaluationResult, ProductResult
from training.report import Measured, TrainingRun
from training.report.blocks import Paragraph, Table
from training.report.sections.products import products
from training.report.sections.summary import summary

RUN = reported_run(500)


def product(ratio: float | None) -> ProductResult:
    return ProductResult(1_000, 250, 250 / (ratio or 1.0), 0.7, ratio, 1.5)


def measured(**changes: object) -> Measured:
    """The run's test month, these measures changed."""
    assert RUN.measured is not None
    result: EvaluationResult = msgspec.structs.replace(RUN.measured.result, **changes)
    return replace(RUN.measured, result=result)


def paragraphs(**changes: object) -> dict[str, str]:
    """What the summary says, and in which tone."""
    section = summary(replace(RUN, measured=measured(**changes)))
    return {block.text: block.tone for block in section.blocks if isinstance(block, Paragraph)}


def test_products_outside_what_is_accepted_are_counted_and_named() -> None:
    ratios = {"low": 0.79, "least": 0.8, "most": 1.25, "high": 1.26, "few": None}
    said = paragraphs(products={name: product(ratio) for name, ratio in ratios.items()})
    text = (
        "Observed over expected lies outside 0.8 to 1.25 for 2 of 4 products with 200 additions:"
        " low, high."
    )
    assert said[text] == "alarm"


def test_products_that_are_all_accepted_are_good_news_and_none_to_judge_is_no_news() -> None:
    said = paragraphs(products={"card": product(1.0), "few": product(None)})
    assert said["Observed over expected lies within 0.8 to 1.25 for all 1 products with 200"
                " additions."] == "good"  # fmt: skip
    said = paragraphs(products={"few": product(None)})
    assert said["No product has the 200 additions its calibration needs."] == ""


def test_calibration_that_made_it_worse_is_said() -> None:
    text = "Calibration made the probabilities worse on this month: ECE 0.0200, 0.0100 without it."
    assert paragraphs(ece=0.02, ece_uncalibrated=0.01)[text] == "alarm"
    assert not any("worse on this" in said for said in paragraphs(ece=0.01, ece_uncalibrated=0.01))


def test_rows_outside_are_marked_in_the_table() -> None:
    shown = measured(products={"low": product(0.79), "fine": product(1.0)})
    (table,) = products(replace(RUN, measured=shown), shown).blocks
    assert isinstance(table, Table)
    assert [row[5] for row in table.rows] == ["0.79 ✗", "1.00"]
    assert "✗ marks what lies outside 0.8 to 1.25" in table.caption


def test_months_that_are_missing_are_said_whether_or_not_anything_was_measured() -> None:
    gaps = "holdings: no snapshot in 2026-02"

    def said(run: TrainingRun) -> list[str]:
        return [block.text for block in summary(run).blocks if isinstance(block, Paragraph)]

    for run in (RUN, replace(RUN, measured=None)):
        assert f"Mind the months of {gaps}." in said(replace(run, snapshot_gaps=gaps))
        assert not any("Mind the months" in text for text in said(run))
