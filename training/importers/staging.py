"""Where an import builds its tables before they replace those of the home."""

from __future__ import annotations

import fcntl
import shutil
from pathlib import Path
from typing import IO

from model_registry.errors import HomeInvalid
from model_registry.home import BankIdentity, Home
from training.tables.errors import ImportRefused, TableError
from training.tables.quarantine import Quarantine
from training.tables.store import TableStore


class Staging:
    """A private copy of the home's layout; gone after the import, committed or not.

    Of a refused import the quarantine stays, in `quarantine/refused` until the next import.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._root = home.root / ".import"
        staged = Home(self._root)
        self.store = TableStore(staged)
        self.quarantine = Quarantine(staged.quarantine)
        self._refused = home.quarantine / "refused"
        self._lock: IO[bytes] | None = None

    def __enter__(self) -> Staging:
        self._home.root.mkdir(parents=True, exist_ok=True)
        self._lock = (self._home.root / ".import.lock").open("wb")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise ImportRefused(
                f"another import into {self._home.root} is running: wait for it"
            ) from None
        shutil.rmtree(self._root, ignore_errors=True)
        shutil.rmtree(self._refused, ignore_errors=True)
        self._root.mkdir()
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, TableError):
            self._keep_quarantine()
        shutil.rmtree(self._root, ignore_errors=True)
        if self._lock is not None:
            self._lock.close()

    def _keep_quarantine(self) -> None:
        staged = Home(self._root).quarantine
        if staged.exists():
            self._home.quarantine.mkdir(exist_ok=True)
            staged.rename(self._refused)

    @property
    def truth(self) -> Path:
        """Where a simulated bank puts its truth; it comes into the home with the tables."""
        return self._root / "truth"

    def scratch(self, name: str) -> Path:
        """An empty directory for intermediate files."""
        directory = self._root / "scratch" / name
        directory.mkdir(parents=True)
        return directory

    def commit(self, identity: BankIdentity) -> str | None:
        """Replace the home's bank; says what was replaced, None when the home was empty.

        The home has no `bank.json` while its tables change, so a killed import leaves no bank
        rather than a mixture of two.
        """
        replaced = _description(self._home, identity)
        self._home.bank_file.unlink(missing_ok=True)
        derived = (self._home.tables, self._home.quarantine, self._home.truth, self._home.features)
        for directory in derived:
            shutil.rmtree(directory, ignore_errors=True)
        for name in ("tables", "quarantine", "truth"):
            if (self._root / name).exists():
                (self._root / name).rename(self._home.root / name)
        self._home.write_bank(identity)
        return replaced


def _description(home: Home, new: BankIdentity) -> str | None:
    if not home.bank_file.exists():
        return None
    try:
        former = home.bank()
    except HomeInvalid:
        return "replaced a bank whose bank.json could not be read"
    customers = former.row_counts.get("customers", 0)
    changed = ""
    if former.bank == new.bank and former.currency != new.currency:
        changed = f"; its currency was {former.currency} and is {new.currency} now"
    return (
        f"replaced bank {former.bank} (source {former.source}, {customers} customer rows, "
        f"data until {former.data_until}) and the features made from it{changed}"
    )
