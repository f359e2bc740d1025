"""The catalogues that come with the installation, one folder per example bank."""

from __future__ import annotations

from pathlib import Path

SHIPPED_CATALOGUES = Path(__file__).parents[2] / "catalogue"


def catalogue_folder(named: str, *, bank: str) -> Path:
    """The folder somebody named, else the shipped one of the bank."""
    return Path(named) if named else SHIPPED_CATALOGUES / bank
