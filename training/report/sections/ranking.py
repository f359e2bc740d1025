"""Ranking quality beside the baselines."""

from __future__ import annotations

from training.evaluation.result import EvaluationResult
from training.report.blocks import Block, Paragraph, Section, Table, count, measure, percent, signed
from training.report.figures.ranking_bars import ranking_bars
from training.report.interval_text import interval
from training.report.names import RANKINGS, shown_rankings
from training.report.training_run import Measured

_HEAD = ("ranked by", "MAP@7", "95 %", "model's lead", "95 %")
_MORE = ("ranked by", "NDCG@5", "95 %", "hit rate@1", "95 %", "AUC", "coverage")
_DEFINITIONS = (
    "MAP@7: mean average precision of the first seven products, over customers who added "
    "something. NDCG@5: discounted gain of the first five. Hit rate@1: share whose first product "
    "was added. AUC: per product, weighted by additions. Coverage: share of products in "
    "somebody's first seven. Model's lead: its MAP@7 minus that row's, on the same customers."
)


def ranking(measured: Measured) -> Section:
    """Who was measured, the tables with intervals, the bars."""
    result = measured.result
    share = percent(result.customers_with_additions / max(result.customers, 1))
    who = (
        f"Month {result.test_month}, features as of {result.as_of}: {count(result.customers)} "
        f"customers, of whom {count(result.customers_with_additions)} ({share}) added a product."
    )
    blocks: list[Block] = [
        Paragraph(who),
        *_tables(result),
        ranking_bars(result),
        Paragraph(_DEFINITIONS),
    ]
    return Section("ranking", "Ranking beside baselines", blocks)


def _tables(result: EvaluationResult) -> tuple[Table, Table]:
    leads, more = [], []
    for name in shown_rankings(result.rankings):
        quality, spans = result.rankings[name], result.intervals[name]
        lead = result.map_at_7 - quality.map_at_7
        leads.append(
            (
                RANKINGS[name],
                measure(quality.map_at_7),
                interval(spans.map_at_7),
                "" if name == "model" else signed(lead),
                "" if name == "model" else interval(spans.model_lead_map_at_7),
            )
        )
        more.append(
            (
                RANKINGS[name],
                measure(quality.ndcg_at_5),
                interval(spans.ndcg_at_5),
                measure(quality.hit_rate_at_1),
                interval(spans.hit_rate_at_1),
                measure(quality.auc_weighted),
                measure(quality.coverage),
            )
        )
    return Table(_HEAD, leads), Table(_MORE, more)
