"""Where the canonical tables of a home lie, and how they are read and replaced."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from model_registry.home import Home
from training.progress import Progress, silent
from training.tables.canonical_table import CanonicalTable
from training.tables.errors import TableAbsent, TableInvalid
from training.tables.schema import TABLES
from training.tables.table_digest import TableDigest

_ROWS_IN_GROUP = 250_000


class TableAppender:
    """Writes a table part by part; each part must lie behind the one before."""

    def __init__(self, table: CanonicalTable, writer: pq.ParquetWriter) -> None:
        self._table = table
        self._writer = writer
        self._schema = table.arrow_schema
        self.digest = TableDigest(table)
        self.rows = 0

    def append(self, frame: pl.DataFrame) -> None:
        """Write one part, in the table's types and row order."""
        part = self._table.conform(frame.lazy()).sort(self._table.order).collect()
        self.append_in_order(part.to_arrow(compat_level=pl.CompatLevel.oldest()))

    def append_in_order(self, rows: pa.Table) -> None:
        """Write one part that has the table's columns and stands in its row order already."""
        part = rows.cast(self._schema)
        self._writer.write_table(part, row_group_size=_ROWS_IN_GROUP)
        self.digest.add(part)
        self.rows += len(part)


class TableStore:
    """The canonical tables of one home, one Parquet file each."""

    def __init__(self, home: Home) -> None:
        self._directory = home.tables
        self._digests: dict[str, str] = {}

    def path(self, name: str) -> Path:
        """Where the table lies, whether or not it exists."""
        return self._directory / f"{_table(name).name}.parquet"

    def has(self, name: str) -> bool:
        """Whether the bank brought this table."""
        return self.path(name).exists()

    def names(self) -> tuple[str, ...]:
        """The tables the bank brought, in canonical order."""
        return tuple(name for name in TABLES if self.has(name))

    def scan(self, name: str) -> pl.LazyFrame:
        """The table, typed; an absent optional one is empty, a mandatory one `TableAbsent`."""
        if self.has(name):
            return pl.scan_parquet(self.path(name))
        if TABLES[name].mandatory:
            raise TableAbsent(
                f"no table {name} in {self._directory}: "
                "run `nbo data simulate` or `nbo data import` first"
            )
        return TABLES[name].empty().lazy()

    def rows(self, name: str) -> int:
        """How many rows the table has; none when the bank did not bring it. `TableInvalid` when it
        is damaged.
        """
        if not self.has(name):
            return 0
        with self._read(name):
            return int(pq.read_metadata(self.path(name)).num_rows)

    def digest(self, name: str, progress: Progress = silent) -> str:
        """`TableDigest` of the table; what this store appended is not read again for it.
        `TableInvalid` when it is damaged.
        """
        if name not in self._digests:
            self._digests[name] = self._digest_of_file(name, progress)
        return self._digests[name]

    @contextmanager
    def appending(self, name: str) -> Iterator[TableAppender]:
        """Replace the table atomically by parts given in canonical order, one after the other."""
        table = _table(name)
        with (
            self._replacing(name) as temporary,
            pq.ParquetWriter(temporary, table.arrow_schema, **_layout(table)) as writer,
        ):
            appender = TableAppender(table, writer)
            yield appender
        self._digests[name] = appender.digest.hexdigest()

    def write(self, name: str, frame: pl.DataFrame | pl.LazyFrame) -> None:
        """Replace the table atomically, in its canonical types and row order."""
        table = _table(name)
        conformed = table.conform(frame.lazy())
        if table.order:
            conformed = conformed.sort(table.order, maintain_order=True)
        with self._replacing(name) as temporary:
            try:
                conformed.sink_parquet(temporary, compression="zstd")
            except pl.exceptions.InvalidOperationError as error:
                raise TableInvalid(f"table {name} has a column of the wrong type") from error

    def _digest_of_file(self, name: str, progress: Progress) -> str:
        digest, done = TableDigest(_table(name)), 0
        with self._read(name), pq.ParquetFile(self.path(name)) as file:
            for batch in file.iter_batches(_ROWS_IN_GROUP):
                digest.add(pa.Table.from_batches([batch]))
                done += len(batch)
                progress(f"fingerprint of {name}", done, file.metadata.num_rows)
        return digest.hexdigest()

    @contextmanager
    def _read(self, name: str) -> Iterator[None]:
        """Damage in a file has many names."""
        try:
            yield
        except (pa.ArrowException, OSError):
            raise TableInvalid(
                f"{self.path(name)} cannot be read: restore it from its backup, or import the bank"
                " again"
            ) from None

    @contextmanager
    def _replacing(self, name: str) -> Iterator[Path]:
        """A temporary file that becomes the table when all went well."""
        self._digests.pop(name, None)
        self._directory.mkdir(parents=True, exist_ok=True)
        temporary = self.path(name).with_suffix(f".{os.getpid()}.tmp")
        try:
            yield temporary
            temporary.replace(self.path(name))
        finally:
            temporary.unlink(missing_ok=True)


def _layout(table: CanonicalTable) -> dict[str, Any]:
    """Dictionaries where values repeat: on ids they double the time and add a third to the size."""
    repeating = [name for name, dtype in table.dtypes.items() if _repeats(table, name, dtype)]
    lists = [f"{name}.list.element" for name in repeating]
    return {"compression": "zstd", "use_dictionary": repeating + lists}


def _repeats(table: CanonicalTable, name: str, dtype: pl.DataType) -> bool:
    return dtype not in (pl.Float64, pl.Datetime) and name not in ("customer_id", *table.key)


def _table(name: str) -> CanonicalTable:
    if name not in TABLES:
        raise TableInvalid(f"no canonical table is called {name}: one of {', '.join(TABLES)}")
    return TABLES[name]
