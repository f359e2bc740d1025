"""`nbo data import santander`: the original file or the acquirer panel, whichever is there."""

from __future__ import annotations

from pathlib import Path

from model_registry.home import Home
from training.importers.importing import Importer, ImportSummary, bring_in
from training.importers.santander_csv import SantanderCsvImporter
from training.importers.santander_panel import SantanderPanelImporter
from training.progress import Progress, silent
from training.tables.errors import ImportRefused

_KINDS: tuple[Importer, ...] = (SantanderCsvImporter(), SantanderPanelImporter())
_FILES = ("train_ver2.csv", "train_ver2.csv.zip", "train_ver2.csv.gz", "acquirer_panel.parquet")


def import_santander(path: Path, home: Home, *, progress: Progress = silent) -> ImportSummary:
    """Replace the home's bank by the Santander data at `path` (a file, or a folder holding it)."""
    file = _file(path)
    for importer in _KINDS:
        if importer.recognises(file):
            return bring_in(importer, file, home, progress=progress)
    raise ImportRefused(
        f"{file}: neither the original train_ver2.csv (.csv, .csv.gz, .csv.zip) "
        "nor the acquirer panel (.parquet)"
    )


def _file(path: Path) -> Path:
    if path.is_file():
        return path
    if not path.is_dir():
        raise ImportRefused(f"{path}: no such file or folder")
    for name in _FILES:
        if (path / name).is_file():
            return path / name
    raise ImportRefused(f"{path}: holds none of {', '.join(_FILES)}")
