"""The page a person reads before promoting: what was trained on, how good it is, against what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from model_registry.manifest import BundleManifest
from training.evaluation.result import EvaluationResult
from training.report_figures import calibration_figure

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;margin:1rem 0}td,th{padding:.25rem .75rem;text-align:right;"
    "border-bottom:1px solid #ddd}td:first-child,th:first-child{text-align:left}"
)
_MEASURES = ("map_at_7", "ndcg_at_5", "hit_rate_at_1", "auc_weighted", "coverage")


def report_page(
    manifest: BundleManifest,
    out_of_fold: Mapping[str, float],
    evaluation: EvaluationResult | None,
) -> bytes:
    """One self-contained HTML page; equal results give equal bytes."""
    sections = [
        f"<h1>Propensity model of {escape(manifest.bank)}</h1>",
        "<h2>Data</h2>",
        _table(("", ""), _data_rows(manifest)),
        "<h2>Out of fold, training months</h2>",
        _table(("measure", "value"), ((name, _number(v)) for name, v in out_of_fold.items())),
        *(_evaluation_sections(evaluation) if evaluation else [_NO_TEST_MONTH]),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Training report</title>'
        f"<style>{_STYLE}</style></head><body>{''.join(sections)}</body></html>\n"
    ).encode()


_NO_TEST_MONTH = (
    "<p>No label month follows the training months: nothing was measured on new data.</p>"
)


def _data_rows(manifest: BundleManifest) -> list[tuple[str, str]]:
    return [
        ("label months", ", ".join(str(month) for month in manifest.label_months)),
        ("trained until", str(manifest.train_until)),
        ("products", str(len(manifest.product_vocabulary))),
        ("views with data", ", ".join(manifest.views_with_data)),
        ("negatives kept", f"{manifest.negative_sampling_rate:.4f}"),
        ("data fingerprint", manifest.data_fingerprint[:16]),
        ("seed", str(manifest.seed)),
    ]


def _evaluation_sections(evaluation: EvaluationResult) -> list[str]:
    rankings = (
        (name, *(_number(getattr(quality, measure)) for measure in _MEASURES))
        for name, quality in evaluation.rankings.items()
    )
    products = (
        (
            name,
            str(product.candidates),
            str(product.additions),
            f"{product.expected:.0f}",
            _number(product.auc),
            _number(product.observed_over_expected),
        )
        for name, product in evaluation.products.items()
    )
    return [
        f"<h2>Month {evaluation.test_month}, features as of {evaluation.as_of}</h2>",
        _customers(evaluation),
        _table(("ranked by", *_MEASURES), rankings),
        _calibration_and_alarm(evaluation),
        calibration_figure(evaluation.calibration),
        _table(
            ("product", "candidates", "added", "expected", "AUC", "observed/expected"), products
        ),
    ]


def _customers(evaluation: EvaluationResult) -> str:
    return (
        f"<p>{evaluation.customers} customers, of whom {evaluation.customers_with_additions} added "
        "a product; rankings are averaged over these.</p>"
    )


def _calibration_and_alarm(evaluation: EvaluationResult) -> str:
    alarm = ", ".join(evaluation.leakage_alarm) or "none"
    return (
        f"<p>ECE {_number(evaluation.ece)} (before calibration "
        f"{_number(evaluation.ece_uncalibrated)}). Products with an AUC above 0.9, to be checked "
        f"for leaks: {escape(alarm)}.</p>"
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = "".join(_line("td", row) for row in rows)
    return f"<table>{_line('th', head)}{lines}</table>"


def _line(tag: str, cells: Sequence[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
