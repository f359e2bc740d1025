"""The ways a bank's data come in; a new source is one more file and one more line here."""

from __future__ import annotations

from training.importers.canonical import CanonicalImporter, import_tables
from training.importers.importing import Importer, ImportSummary, bring_in
from training.importers.santander import import_santander
from training.importers.santander_csv import SantanderCsvImporter
from training.importers.santander_panel import SantanderPanelImporter

IMPORTERS = (SantanderCsvImporter, SantanderPanelImporter, CanonicalImporter)

__all__ = [
    "IMPORTERS",
    "ImportSummary",
    "Importer",
    "bring_in",
    "import_santander",
    "import_tables",
]
