"""`nbo demo`: everything, from tables to ranked offers over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click

from nbo.preparation import SOURCES, WantedBank


@click.command()
@click.option("--once", is_flag=True, help="Print the offers and exit instead of staying up.")
@click.option(
    "--source",
    type=click.Choice(SOURCES),
    help="[default: the bank the home holds, else a simulated one]",
)
@click.option("--path", type=click.Path(exists=True, path_type=Path), help="Import this first.")
@click.option("--bank", help="With --source tables: the bank's short name.")
@click.option(
    "--currency",
    help="With --source tables.  [default: the one NBO_HOME holds this bank in, else EUR]",
)
@click.option("--customers", type=click.IntRange(min=1), help="Size of the simulated bank.")
@click.option("--port", type=click.IntRange(1, 65535), help="[default: any free one]")
def demo(once: bool, port: int | None, **wanted: Any) -> None:
    """Data, features, training, Redis, service, and three customers asked over real HTTP.

    A customer logs in to the app, another calls the bank, and somebody unknown appears.

    Example: nbo demo --source santander --path train_ver2.csv --once
    """
    from nbo.demo import Demo

    bank = WantedBank(
        source=wanted["source"],
        path=wanted["path"],
        name=wanted["bank"],
        currency=wanted["currency"],
        customers=wanted["customers"],
    )
    Demo(bank, port=port).run(stays_up=not once)
