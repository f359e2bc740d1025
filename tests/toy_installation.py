"""The toy bank on disk, for `nbo` as a process of its own."""

from __future__ import annotations

from pathlib import Path

from tests.faults.served_bank import inherited
from tests.toy_bank import install, toy_tables
from tests.toy_catalogue_files import toy_files, written


def installed(folder: Path, **settings: str) -> dict[str, str]:
    """Install the bank, without bundle, and its catalogue; what `nbo` needs to work on them."""
    home, catalogue = folder / "home", folder / "catalogue"
    install(home, toy_tables())
    catalogue.mkdir()
    return inherited() | {
        "NBO_HOME": str(home),
        "NBO_CATALOGUE": str(written(catalogue, toy_files())),
        **settings,
    }
