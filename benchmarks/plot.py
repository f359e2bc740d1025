"""Throughput and latency of all peers in one picture, readable in print and without colour."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.measurements import Summary
from benchmarks.report import Report

STYLES = {
    "hello": ("#8c8c8c", "o", "-"),
    "naive": ("#c44e52", "s", "--"),
    "feast": ("#dd8452", "^", ":"),
    "service": ("#4c72b0", "D", "-"),
    "service_compiled": ("#1b3a6b", "v", "-."),
    "least": ("#55a868", "P", ":"),
}
RANKS = ("p50", "p95", "p99", "p99.9")


def write_plot(report: Report, folder: Path) -> list[Path]:
    """`bench.png` and `bench.svg` in the folder."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.0, 4.4), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, width_ratios=(1.0, 1.1))
    _throughput(left, report)
    _latency(right, report)
    cores, processor = report.machine["cores"], report.machine["processor"]
    figure.suptitle(f"100 offers scored per decision, one worker, {cores} cores of {processor}")
    files = [folder / "bench.png", folder / "bench.svg"]
    for file in files:
        figure.savefig(file, dpi=200)
    return files


def _throughput(axes: Any, report: Report) -> None:
    found = [summary for summary in report.summaries if summary.phase == "closed"]
    found.reverse()  # the first row is drawn lowest
    values = [summary.answers_per_second for summary in found]
    places = range(len(found))
    medians = [value.median for value in values]
    for place, summary, value in zip(places, found, values, strict=True):
        colour, marker, _ = STYLES[summary.peer]
        axes.errorbar(
            value.median, place, xerr=[[value.median - value.low], [value.high - value.median]],
            fmt=marker, markersize=8, color=colour, capsize=3,
        )  # fmt: skip
        axes.annotate(
            f"{value.median:,.0f}", (value.high, place), (9, 0),
            textcoords="offset points", va="center",
        )  # fmt: skip
    axes.set_yticks(list(places), [_wrapped(report.titles[summary.peer]) for summary in found])
    axes.set_xscale("log")
    axes.set_xlim(min(medians) / 2, max(value.high for value in values) * 5)
    axes.set_ylim(-0.6, len(found) - 0.4)
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set_xlabel("answers a second (log scale)")
    axes.set_title(f"Closed loop, {report.plan.connections} connections")
    _bare(axes)


def _latency(axes: Any, report: Report) -> None:
    found = [summary for summary in report.summaries if summary.phase == "open_common"]
    for summary in found:
        colour, marker, line = STYLES[summary.peer]
        axes.plot(
            RANKS, _latencies(summary), color=colour, marker=marker, linestyle=line,
            label=report.titles[summary.peer],
        )  # fmt: skip
    axes.set_yscale("log")
    axes.set_ylabel("milliseconds from the instant due (log scale)")
    rate = next((summary.rate for summary in found if summary.rate), 0.0)
    axes.set_title(f"Open loop, {rate:.0f} requests a second")
    if found:
        axes.legend(
            fontsize=9, frameon=False, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.09)
        )
    axes.grid(axis="y", which="both", color="#dddddd", linewidth=0.6)
    for ticks in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter):
        ticks(_few_ticks)
    _bare(axes)


def _few_ticks(value: float, _: int) -> str:
    """1, 2, 5, 10, 20, 50 … written out; the other lines of the grid stay without a number."""
    digit = f"{value:.1e}"[0]
    return f"{value:g}" if digit in "125" else ""


def _latencies(summary: Summary) -> list[float]:
    spreads = (summary.p50_ms, summary.p95_ms, summary.p99_ms, summary.p999_ms)
    return [spread.median for spread in spreads]


def _wrapped(title: str) -> str:
    return title.replace(" + ", " +\n").replace(", ", ",\n")


def _bare(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_axisbelow(True)
