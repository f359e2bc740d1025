"""`nbo catalogue`: what the bank offers and under which policy, as its files say."""

from __future__ import annotations

import os
from pathlib import Path

import rich_click as click
from click.exceptions import Exit

from model_registry.home import BankIdentity
from nbo.errors import UsageRefused
from nbo.local_home import local_home
from nbo.output import json_option, note, print_json

INVALID = 1


@click.group()
def catalogue() -> None:
    """Check offers, policy and treatments."""


@catalogue.command()
@click.option(
    "--catalogue",
    "folder",
    type=click.Path(path_type=Path),
    help="Folder with the three files.  [default: NBO_CATALOGUE, else the bank's shipped one]",
)
@json_option
def check(folder: Path | None, as_json: bool) -> None:
    """Read a catalogue as the service does: a summary, or every complaint with file and line.

    Hints name what is valid and seldom meant: offers without a talk track for agents, and advised
    ones in channels where nobody advises.

    Products, bank and currency are those of the bank in NBO_HOME; without one they go unchecked.

    Example: nbo catalogue check --catalogue catalogue/simulated
    """
    from nbo.catalogue_hints import hints
    from nbo.catalogue_summary import show_summary, summary
    from service.adapters.catalogue_files import CatalogueFiles
    from service.adapters.shipped_catalogues import catalogue_folder

    bank = _bank()
    named = str(folder or os.environ.get("NBO_CATALOGUE", ""))
    if not named and bank is None:
        raise UsageRefused("there is no bank in NBO_HOME: name a folder with --catalogue")
    place = catalogue_folder(named, bank=bank.bank if bank else "")
    files = CatalogueFiles(
        place,
        bank=bank.bank if bank else None,
        product_vocabulary=tuple(bank.product_vocabulary) if bank else None,
        currency=bank.currency if bank else None,
    )
    source = files.read()
    checked, complaints, is_checked_whole = files.check(source)
    if as_json:
        told = [{"file": str(c.file), "line": c.line, "what": c.what} for c in complaints]
        document = {
            "catalogue": str(place),
            "valid": checked is not None,
            "checked_whole": is_checked_whole,
            "complaints": told,
            "hints": hints(checked) if checked else [],
        }
        print_json(document | (summary(checked) if checked else {}))
    elif checked is not None:
        show_summary(checked)
        for hint in hints(checked):
            note(f"hint: {hint}")
    else:
        for complaint in complaints:
            click.echo(str(complaint), err=True)
        count = len(complaints)
        click.echo(f"nbo: {place}: {count} complaint{'s' if count > 1 else ''}", err=True)
        if not is_checked_whole:
            click.echo("nbo: further checks follow once these are mended", err=True)
    if checked is None:
        raise Exit(INVALID)


def _bank() -> BankIdentity | None:
    home = local_home()
    return home.bank() if home.bank_file.is_file() else None
