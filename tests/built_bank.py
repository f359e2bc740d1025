"""The toy bank with its features built, fingerprinted as an import would."""

from __future__ import annotations

from pathlib import Path

import msgspec
import polars as pl

from model_registry.home import Home
from tests.toy_bank import install, toy_tables
from training.features.build import build_features
from training.importers.identity import fingerprint
from training.progress import silent
from training.tables.store import TableStore


def built(root: Path, **changes: pl.DataFrame) -> Home:
    """The home of the toy bank, with these tables changed."""
    home = install(root, {**toy_tables(), **changes})
    taken = fingerprint(TableStore(home), silent)
    home.write_bank(msgspec.structs.replace(home.bank(), fingerprint=taken))
    build_features(home)
    return home
