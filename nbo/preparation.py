"""What several commands need first: a bank in the home, and features built from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from model_registry.home import Home
from nbo.errors import UsageRefused
from nbo.progress import Report

if TYPE_CHECKING:
    from training.importers import ImportSummary

SOURCES = ("simulated", "santander", "tables")


@dataclass(frozen=True)
class WantedBank:
    """Which bank a command shall work on; without a source, whichever the home holds."""

    source: str | None = None
    path: Path | None = None
    name: str | None = None
    currency: str | None = None
    customers: int | None = None


def provide_bank(wanted: WantedBank, home: Home, progress: Report) -> ImportSummary | None:
    """Bring the wanted bank into the home; None when it is there already."""
    if wanted.source is None:
        _refuse_path(wanted, "say --source too")
        home.bank()
        return None
    if wanted.source == "simulated":
        _refuse_path(wanted, "a simulated bank has none")
        return _provide_simulated(wanted, home, progress)
    if wanted.path is not None:
        return _import(wanted, wanted.path, home, progress)
    held = home.bank()
    is_same = held.source.startswith(wanted.source) or held.bank == wanted.source
    if not is_same:
        raise UsageRefused(
            f"{home.root} holds the bank {held.bank} ({held.source}): say --path to import"
        )
    return None


def provide_features(home: Home, progress: Report) -> None:
    """Build the features of the home's bank unless they stem from its tables and our contract."""
    from training.features.build import build_features
    from training.features.built import are_current

    if not are_current(home):
        build_features(home, progress=progress)


def has_bank(home: Home) -> bool:
    """Whether anything was imported into the home."""
    return home.bank_file.exists()


def _refuse_path(wanted: WantedBank, why: str) -> None:
    if wanted.path is not None:
        raise UsageRefused(f"--path {wanted.path} cannot be used: {why}")


def _provide_simulated(wanted: WantedBank, home: Home, progress: Report) -> ImportSummary | None:
    from training.simulated_bank.simulate import SimulationConfig, simulate_bank

    if has_bank(home) and wanted.customers is None and home.bank().bank == "simulated":
        return None
    config = SimulationConfig()
    if wanted.customers is not None:
        config = SimulationConfig(customers=wanted.customers)
    return simulate_bank(config, home, progress=progress)


def _import(wanted: WantedBank, path: Path, home: Home, progress: Report) -> ImportSummary:
    from training.importers import import_santander, import_tables

    if wanted.source == "santander":
        return import_santander(path, home, progress=progress)
    if wanted.name is None:
        raise UsageRefused(
            "--source tables needs --bank NAME, which also names the catalogue folder"
        )
    return import_tables(path, home, bank=wanted.name, currency=wanted.currency, progress=progress)
