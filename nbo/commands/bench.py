"""`nbo bench`: the service beside its peers on this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from nbo.errors import CommandError
from nbo.output import json_option, note, print_json

if TYPE_CHECKING:
    from benchmarks.plan import Plan

REPOSITORY = Path(__file__).parents[2]


@click.command()
@click.option("--quick", is_flag=True, help="One short round; figures to be taken with salt.")
@click.option("--rounds", type=click.IntRange(min=1), help="[default: 3]")
@click.option("--customers", type=click.IntRange(min=100), help="[default: 10000]")
@click.option(
    "--customers-memory",
    "memory_customers",
    type=click.IntRange(min=0),
    help="Customers loaded to measure Redis bytes per customer; 0 = none.  [default: 100000]",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("build/bench"),
    show_default=True,
    help="Folder of bench.json, bench.png, bench.svg and the peers' logs.",
)
@click.option("--check", is_flag=True, help="Exit 1 also when a target is missed.")
@json_option
def bench(*, quick: bool, out: Path, check: bool, as_json: bool, **sizes: int | None) -> int:
    """Measure bare Litestar, FastAPI + Feast, Feast's own server and this service.

    One machine, one private Redis, same customers, offers and model; all 100 offers are scored.
    Works from a checkout of the repository.

    Example: nbo bench --quick
    """
    _find_benchmarks()
    from benchmarks.plot import write_plot
    from benchmarks.report import write_report
    from benchmarks.show import show
    from benchmarks.side_by_side import compare

    report = compare(_plan(quick, sizes), out, say=note)
    written = [write_report(report, out), *write_plot(report, out)]
    show(report)
    note("written: " + ", ".join(map(str, written)))
    if as_json:
        print_json(report)
    return 1 if report.has_errors or (check and not report.meets_targets) else 0


def _plan(quick: bool, sizes: dict[str, int | None]) -> Plan:
    from msgspec.structs import replace

    from benchmarks.plan import QUICK, Plan

    given = {name: size for name, size in sizes.items() if size is not None}
    return replace(QUICK if quick else Plan(), **given)


def _find_benchmarks() -> None:
    """The benchmarks are part of the repository and not of the installed package."""
    if not (REPOSITORY / "benchmarks" / "side_by_side.py").exists():
        raise CommandError("nbo bench needs the repository's benchmarks/: run it from a checkout")
    if str(REPOSITORY) not in sys.path:
        sys.path.insert(0, str(REPOSITORY))
