"""`nbo data`: bring a bank into the home."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from nbo.local_home import local_home
from nbo.output import json_option, note, print_facts, print_json
from nbo.progress import shown_progress
from nbo.terminations import terminations_unwind

if TYPE_CHECKING:
    from training.importers import ImportSummary

path_option = click.option(
    "--path", type=click.Path(exists=True, path_type=Path), required=True, help="File or folder."
)


@click.group()
def data() -> None:
    """Simulate or import a bank. One home holds one bank: a new one replaces it."""


@data.command()
@click.option("--customers", type=int, default=3000, show_default=True)
@click.option("--days", type=int, default=365, show_default=True, help="Length of the history.")
@click.option("--seed", type=int, default=7, show_default=True, help="Same seed, same bytes.")
@json_option
def simulate(customers: int, days: int, seed: int, as_json: bool) -> None:
    """Simulate a bank with a known truth.

    Example: nbo data simulate --customers 3000 --days 365 --seed 7
    """
    from training.simulated_bank.simulate import SimulationConfig, simulate_bank

    config = SimulationConfig(customers=customers, days=days, seed=seed)
    with terminations_unwind(), shown_progress() as progress:
        summary = simulate_bank(config, local_home(), progress=progress)
    show_summary(summary, as_json)


@data.group(name="import")
def import_() -> None:
    """Import a real bank's history."""


@import_.command()
@path_option
@json_option
def santander(path: Path, as_json: bool) -> None:
    """Import train_ver2.csv (plain, .gz or .zip) or the acquirer panel.

    Example: nbo data import santander --path train_ver2.csv
    """
    from training.importers import import_santander

    with terminations_unwind(), shown_progress() as progress:
        summary = import_santander(path, local_home(), progress=progress)
    show_summary(summary, as_json)


@import_.command()
@path_option
@click.option("--bank", required=True, help="Short name; also names the catalogue folder.")
@click.option(
    "--currency",
    help="ISO 4217 code of all amounts.  [default: the one NBO_HOME holds this bank in, else EUR]",
)
@json_option
def tables(path: Path, bank: str, currency: str | None, as_json: bool) -> None:
    """Import a folder of canonical tables (Parquet or CSV).

    Bad rows go to NBO_HOME/quarantine with line and reason; a bad column stops the import, and so
    does a table of which more than half the rows cannot be used or name customers who are not in
    customers.

    Example: nbo data import tables --path my-bank/ --bank my_bank --currency EUR
    """
    from training.importers import import_tables

    with terminations_unwind(), shown_progress() as progress:
        summary = import_tables(path, local_home(), bank=bank, currency=currency, progress=progress)
    show_summary(summary, as_json)


def show_summary(summary: ImportSummary, as_json: bool) -> None:
    """What came in, what did not, and which bank it replaced."""
    if summary.replaced is not None:
        note(summary.replaced)
    for line in summary.notes:
        note(line)
    identity = summary.identity
    quarantine = local_home().quarantine if identity.quarantined else None
    if as_json:
        print_json(
            {
                "bank": identity.bank,
                "source": identity.source,
                "currency": identity.currency,
                "products": len(identity.product_vocabulary),
                "snapshots": len(identity.snapshot_dates),
                "label_months": identity.label_months,
                "data_until": identity.data_until,
                "fingerprint": identity.fingerprint,
                "rows_read": summary.rows_read,
                "row_counts": identity.row_counts,
                "quarantined": identity.quarantined,
                "quarantine": quarantine and str(quarantine),
                "repeated": summary.repeated,
                "set_to_unknown": summary.set_to_unknown,
                "unknown_customers": summary.unknown_customers,
                "notes": summary.notes,
                "replaced": summary.replaced,
            }
        )
        return
    print_facts(
        [
            ("bank", f"{identity.bank} ({identity.source}, {identity.currency})"),
            ("products", len(identity.product_vocabulary)),
            ("snapshots", len(identity.snapshot_dates)),
            ("data until", identity.data_until),
            *((f"  {table}", f"{rows} rows") for table, rows in identity.row_counts.items()),
            *_losses("quarantined", identity.quarantined),
            *([("quarantine", quarantine)] if quarantine else []),
            *_losses("repeated", summary.repeated),
            *_losses("set to unknown", summary.set_to_unknown),
            *_losses("not in customers", summary.unknown_customers),
        ]
    )


def _losses(kind: str, counts: dict[str, int]) -> list[tuple[str, object]]:
    return [(kind, f"{name}: {count}") for name, count in counts.items() if count]
