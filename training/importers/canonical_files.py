"""The files of a folder of canonical tables, and their rows batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from training.importers.csv_lines import CsvLines
from training.tables.canonical_table import CanonicalTable
from training.tables.errors import ImportRefused
from training.tables.quarantine import REJECTED
from training.tables.schema import TABLES
from training.tables.validation import LINE, check_columns

_SUFFIXES = (".parquet", ".csv", ".csv.gz")


@dataclass(frozen=True)
class RawBatch:
    """Rows as the file has them, with `LINE`; lines that are no rows, as quarantined."""

    rows: pl.DataFrame
    malformed: pl.DataFrame


@dataclass(frozen=True)
class TableFile:
    """One file and the table it holds."""

    path: Path
    table: CanonicalTable

    def batches(self, size: int) -> Iterator[RawBatch]:
        """The rows; `TableInvalid` before the first when a column is missing or of a wrong type."""
        return self._parquet(size) if self.path.suffix == ".parquet" else self._csv(size)

    def surplus(self) -> list[str]:
        """Columns of the file the table does not know: they are not read."""
        return [name for name in columns_of(self.path) if name not in self.table.dtypes]

    def _parquet(self, size: int) -> Iterator[RawBatch]:
        with _open_parquet(self.path) as file:
            empty = pl.DataFrame(pl.from_arrow(file.schema_arrow.empty_table()))
            check_columns(self.table, empty.schema, str(self.path))
            wanted = [name for name in self.table.dtypes if name in empty.columns]
            first = 1
            for batch in file.iter_batches(size, columns=wanted):
                rows = pl.DataFrame(pl.from_arrow(batch)).with_row_index(LINE, offset=first)
                first += rows.height
                yield RawBatch(rows.with_columns(pl.col(LINE).cast(pl.UInt64)), _NOTHING)

    def _csv(self, size: int) -> Iterator[RawBatch]:
        with CsvLines(self.path) as file:
            columns = pl.Schema(dict.fromkeys(file.header, pl.String()))
            check_columns(self.table, columns, str(self.path))
            wanted = [name for name in self.table.dtypes if name in file.header]
            for batch in file.batches(size):
                yield RawBatch(file.fields(batch, wanted), batch.malformed)


_NOTHING = pl.DataFrame(schema=REJECTED)


def columns_of(path: Path) -> list[str]:
    """The column names of a Parquet or CSV file."""
    if path.suffix != ".parquet":
        with CsvLines(path) as file:
            return file.header
    with _open_parquet(path) as file:
        return list(file.schema_arrow.names)


def find(directory: Path) -> tuple[dict[str, TableFile], list[str]]:
    """The table files of a folder, by table, and the names of files that are none.

    A file called holdings that has opened and closed days is the table holding_periods.
    """
    found: dict[str, TableFile] = {}
    for name in TABLES:
        paths = [directory / f"{name}{suffix}" for suffix in _SUFFIXES]
        present = [path for path in paths if path.is_file()]
        if len(present) > 1:
            files = ", ".join(path.name for path in present)
            raise ImportRefused(f"{directory}: table {name} comes twice ({files}): keep one")
        if present:
            table = TABLES[_table_in(name, present[0])]
            if table.name in found:
                raise ImportRefused(f"{directory}: table {table.name} comes twice: keep one")
            found[table.name] = TableFile(present[0], table)
    known = {file.path.name for file in found.values()}
    visible = (path.name for path in directory.iterdir() if not path.name.startswith("."))
    return found, sorted(name for name in visible if name not in known)


def _table_in(name: str, path: Path) -> str:
    if name != "holdings":
        return name
    columns = columns_of(path)
    has_periods = "opened_on" in columns and "snapshot_on" not in columns
    return "holding_periods" if has_periods else "holdings"


def _open_parquet(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise ImportRefused(f"{path}: not a readable Parquet file") from error
