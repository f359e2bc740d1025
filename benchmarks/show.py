"""A run of the benchmark as tables on stderr."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table

from benchmarks.measurements import Phase, Spread, Summary
from benchmarks.report import Report
from benchmarks.targets import Verdict

PHASES: dict[Phase, str] = {
    "closed": "Closed loop",
    "single": "One connection",
    "open_common": "Open loop, half of (b)'s throughput for all",
    "open_busy": "Open loop, four fifths of (b)'s throughput for all",
    "open_own": "Open loop, half of its own throughput",
}
SHARED: tuple[Phase, ...] = ("open_common", "open_busy")
"""Phases in which all peers are asked at one rate."""


def show(report: Report) -> None:
    """Print every phase, the verdicts and the notes."""
    console = Console(file=sys.stderr) if sys.stderr.isatty() else Console(stderr=True, width=150)
    for phase, title in PHASES.items():
        found = [summary for summary in report.summaries if summary.phase == phase]
        if found:
            console.print(_phase_table(title, found, report.titles))
    console.print(_verdict_table(report))
    console.print(
        f"generator: {report.generator_capacity:.0f} answers/s per core as measured against (a);"
        f" {report.products} products;"
        f" {report.model_columns} model columns from {report.stored_features} stored features;"
        f" {report.scores_compared} scores of (b) and (d) compared; rankers {report.rankers}"
    )
    if memory := report.redis_memory:
        console.print(
            f"Redis: {memory.bytes_per_customer:.0f} bytes a customer at {memory.customers}"
            f" customers (feature hash {memory.feature_hash_bytes}, consent state"
            f" {memory.consent_state_bytes})"
        )
    for note in report.notes:
        console.print(f"note: {note}")


def _phase_table(title: str, found: list[Summary], titles: dict[str, str]) -> Table:
    rate = f", {found[0].rate:.0f}/s" if found[0].rate and found[0].phase in SHARED else ""
    names = ("answers/s", "p50 ms", "p95", "p99", "p99.9", "CPU ms", "Redis CPU ms", "generator")
    table = Table("peer", *names, "errors", title=title + rate, title_justify="left")
    for summary in found:
        spreads = (summary.p50_ms, summary.p95_ms, summary.p99_ms, summary.p999_ms)
        table.add_row(
            titles[summary.peer],
            _cell(summary.answers_per_second, 0),
            *(_cell(spread, 2) for spread in spreads),
            f"{summary.peer_processor_ms.median:.2f}",
            f"{summary.redis_processor_ms.median:.2f}",
            f"{summary.generator_cpu_share:.0%}",
            ", ".join(f"{count} {kind}" for kind, count in summary.errors.items()) or "none",
        )
    return table


def _cell(spread: Spread, digits: int) -> str:
    if spread.low == spread.high:
        return f"{spread.median:.{digits}f}"
    return f"{spread.median:.{digits}f} ({spread.low:.{digits}f}–{spread.high:.{digits}f})"


def _outcome(verdict: Verdict) -> str:
    if verdict.ratio is None:
        return "not measured"
    if verdict.met is None:
        return ""
    said = "met" if verdict.met else "MISSED"
    return said if verdict.is_binding else f"{said.lower()}, replaced by the full policy's"


def _verdict_table(report: Report) -> Table:
    table = Table(
        "ratio", "measured", "target", "set for", "", title="Targets", title_justify="left"
    )
    for verdict in report.verdicts:
        measured = "–" if verdict.ratio is None else f"{verdict.ratio:.2f}"
        table.add_row(verdict.claim, measured, verdict.target, verdict.work, _outcome(verdict))
    return table
