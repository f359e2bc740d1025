"""Products ranked too well to be believed without a look."""

from __future__ import annotations

from training.evaluation.result import LEAKAGE_ALARM_AUC, EvaluationResult
from training.report.blocks import Block, Paragraph, Section, Table, count, measure

_MEANING = (
    f"A product ranked with an AUC above {LEAKAGE_ALARM_AUC} is more often a leak than luck: a "
    "column that knows the outcome, or a rule of the bank that makes it certain. It is reported "
    "here and not refused."
)


def leakage(result: EvaluationResult) -> Section:
    """The alarm and what raised it."""
    alarm = result.leakage_alarm
    blocks: list[Block] = [Paragraph(_MEANING)]
    if not alarm:
        blocks.append(Paragraph("No product raises the alarm.", "good"))
    else:
        few = f"{len(alarm)} of {len(result.products)} products raise the alarm."
        blocks.append(Paragraph(few, "alarm"))
        rows = [
            (name, measure(result.products[name].auc), count(result.products[name].additions))
            for name in alarm
        ]
        blocks.append(Table(("product", "AUC", "added"), rows))
    return Section("leakage", "Leakage", blocks)
