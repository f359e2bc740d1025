"""The catalogues that come with the installation, one folder per example bank."""

from __future__ import annotations

from pathlib import Path

from service.errors import CatalogueInvalid

SHIPPED_CATALOGUES = Path(__file__).parents[2] / "catalogue"


def catalogue_folder(named: str, *, bank: str) -> Path:
    """The folder somebody named, else the shipped one of the bank; `CatalogueInvalid` when there
    is none of that bank.
    """
    if named:
        return Path(named)
    shipped = SHIPPED_CATALOGUES / bank
    if not shipped.is_dir():
        raise CatalogueInvalid(
            f"no catalogue for bank {bank}: copy catalogue/simulated to a folder and name it in"
            " NBO_CATALOGUE"
        )
    return shipped
