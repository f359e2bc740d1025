"""`nbo data import tables`: the canonical tables themselves, as Parquet or CSV."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from pathlib import Path

import polars as pl

from model_registry.errors import HomeInvalid
from model_registry.home import Home
from training.importers import holding_periods
from training.importers.canonical_files import TableFile, find
from training.importers.identity import data_until
from training.importers.importing import ImportSummary, bring_in
from training.importers.staged import Staged
from training.importers.staging import Staging
from training.importers.table_intake import TableIntake
from training.importers.unknown_customers import unknown_customers
from training.importers.unread_consents import UnreadConsents
from training.importers.vocabulary import Vocabulary
from training.progress import Progress, silent
from training.tables.errors import ImportRefused

BANK_NAME = re.compile("[a-z][a-z0-9_]{0,31}")
CURRENCY = re.compile("[A-Z]{3}")
USUAL_CURRENCY = "EUR"


@dataclass(frozen=True)
class CanonicalImporter:
    """Reads a folder of `<table>.parquet` or `<table>.csv` files."""

    bank: str = "bank"
    currency: str = USUAL_CURRENCY
    batch_rows: int = 200_000

    def recognises(self, path: Path) -> bool:
        """Whether this is a folder."""
        return path.is_dir()

    def stage(self, path: Path, staging: Staging, progress: Progress) -> Staged:
        """Write every table the folder has; customers, products and holdings are a must."""
        _check_names(self.bank, self.currency)
        if not path.is_dir():
            raise ImportRefused(f"{path}: no such folder")
        files, ignored = find(path)
        _require(path, files)
        run = _Run(staging, progress, self.batch_rows)
        run.notes += [f"{path / name}: ignored, no canonical table" for name in ignored]
        run.take(files.pop("products"), Vocabulary(()))
        products = staging.store.scan("products").collect()["product_id"].to_list()
        for file in files.values():
            run.take(file, Vocabulary(products))
        run.keep_unread()
        unknown = unknown_customers(staging.store, staging.quarantine)
        incomplete = None
        if "holdings" not in files:
            incomplete = _make_snapshots(staging, Vocabulary(products), progress)
        return Staged(
            bank=self.bank,
            source="tables",
            currency=self.currency,
            rows_read=run.rows_read,
            repeated=dict(run.repeated),
            unknown_customers=unknown,
            notes=tuple(run.notes),
            incomplete_month=incomplete,
        )


def import_tables(
    path: Path, home: Home, *, bank: str, currency: str | None = None, progress: Progress = silent
) -> ImportSummary:
    """Replace the home's bank by the canonical tables in a folder.

    Without a currency: the one the home holds this bank in, EUR for a bank that is new to it.
    """
    importer = CanonicalImporter(bank, currency or _held_currency(home, bank) or USUAL_CURRENCY)
    return bring_in(importer, path, home, progress=progress)


def _held_currency(home: Home, bank: str) -> str | None:
    try:
        held = home.bank()
    except HomeInvalid:
        return None
    return held.currency if held.bank == bank else None


@dataclass
class _Run:
    """One import's running totals."""

    staging: Staging
    progress: Progress
    batch_rows: int
    rows_read: int = 0
    repeated: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    unread: UnreadConsents | None = None

    def take(self, file: TableFile, vocabulary: Vocabulary) -> None:
        """Check one table's rows and stage the good ones."""
        surplus = file.surplus()
        if surplus:
            self.notes.append(f"{file.path}: column(s) not read: {', '.join(surplus)}")
        today = datetime.now(timezone.utc).date()
        intake = TableIntake(file, vocabulary, self.staging, today)
        for batch in file.batches(self.batch_rows):
            self.rows_read += intake.add(batch)
            self.progress(f"reading {file.path.name}", intake.rows_read, None)
        self.repeated[file.table.name] += intake.finish()
        self.unread = intake.unread or self.unread

    def keep_unread(self) -> None:
        """Stage the customers of whom a consent row could not be read."""
        note = self.unread.keep(self.staging.store) if self.unread is not None else None
        if note is not None:
            self.notes.append(note)


def _check_names(bank: str, currency: str) -> None:
    """The bank's name becomes part of keys and paths, so it may not be just any text."""
    if not BANK_NAME.fullmatch(bank):
        raise ImportRefused(f"bank {bank!r}: use a-z, 0-9 and _, a letter first, at most 32")
    if not CURRENCY.fullmatch(currency):
        raise ImportRefused(f"currency {currency!r}: use three capital letters (ISO 4217)")


def _require(path: Path, files: dict[str, TableFile]) -> None:
    missing = [name for name in ("customers", "products") if name not in files]
    if "holdings" not in files and "holding_periods" not in files:
        missing.append("holdings")
    if missing:
        raise ImportRefused(
            f"{path}: lacks {', '.join(f'{name}.parquet or {name}.csv' for name in missing)}"
        )


def _make_snapshots(staging: Staging, vocabulary: Vocabulary, progress: Progress) -> date | None:
    """Holdings from holding periods; the last day when its month is not over by then."""
    store = staging.store
    periods = store.scan("holding_periods").collect()
    customers = store.scan("customers").select("customer_id", "observed_on", "joined_on").collect()
    joined = holding_periods.joined_days(customers, periods)
    last = data_until(store)
    first: date = pl.Series(joined["joined"]).min()  # type: ignore[assignment]
    days = holding_periods.snapshot_days(first, last)
    with store.appending("holdings") as holdings:
        for done, part in enumerate(holding_periods.snapshots(periods, joined, days), start=1):
            holdings.append(vocabulary.ordered(part))
            progress("making monthly snapshots", done, len(days))
    return None if holding_periods.is_month_end(last) else last
