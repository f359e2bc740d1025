"""One import from start to end: stage the tables, name the bank, then replace the home's bank."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from model_registry.home import BankIdentity, Home
from training.importers.identity import identify
from training.importers.staged import Staged
from training.importers.staging import Staging
from training.progress import Progress, silent
from training.snapshot_gaps import snapshot_gaps


@dataclass(frozen=True)
class ImportSummary:
    """What came in, what did not, and what it replaced; `repeated` rows were dropped as equal.

    `unknown_customers`: by table the rows that name a customer who is not in customers.
    """

    identity: BankIdentity
    rows_read: int
    repeated: dict[str, int]
    set_to_unknown: dict[str, int]
    notes: tuple[str, ...]
    replaced: str | None
    unknown_customers: dict[str, int] = field(default_factory=dict)


class Importer(Protocol):
    """A way a bank's data come in."""

    def recognises(self, path: Path) -> bool:
        """Whether the path looks like this importer's input."""
        ...

    def stage(self, path: Path, staging: Staging, progress: Progress) -> Staged:
        """Write canonical tables and quarantined rows to the staging area."""
        ...


def bring_in(
    importer: Importer, path: Path, home: Home, *, progress: Progress = silent
) -> ImportSummary:
    """Import and replace the home's bank; on any error the home keeps what it had.

    What a refused import had put aside is then in `quarantine/refused`.
    """
    with Staging(home) as staging:
        staged = importer.stage(path, staging, progress)
        identity = identify(staged, staging, progress)
        gaps = snapshot_gaps(staging.store)
        replaced = staging.commit(identity)
    return ImportSummary(
        identity=identity,
        rows_read=staged.rows_read,
        repeated={table: count for table, count in staged.repeated.items() if count},
        set_to_unknown={name: count for name, count in staged.set_to_unknown.items() if count},
        notes=(*staged.notes, *([gaps] if gaps else [])),
        replaced=replaced,
        unknown_customers=staged.unknown_customers,
    )
