"""Where the canonical tables of a home lie, and how they are read and replaced."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from model_registry.home import Home
from training.tables.canonical_table import CanonicalTable
from training.tables.errors import TableAbsent, TableInvalid
from training.tables.schema import TABLES

_ROWS_IN_GROUP = 250_000


class TableAppender:
    """Writes a table part by part; each part must lie behind the one before."""

    def __init__(self, table: CanonicalTable, writer: pq.ParquetWriter) -> None:
        self._table = table
        self._writer = writer
        self.rows = 0

    def append(self, frame: pl.DataFrame) -> None:
        """Write one part, in the table's types and row order."""
        part = self._table.conform(frame.lazy()).sort(self._table.order).collect()
        arrow = part.to_arrow(compat_level=pl.CompatLevel.oldest())
        self._writer.write_table(arrow, row_group_size=_ROWS_IN_GROUP)
        self.rows += part.height


class TableStore:
    """The canonical tables of one home, one Parquet file each."""

    def __init__(self, home: Home) -> None:
        self._directory = home.tables

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

    @contextmanager
    def appending(self, name: str) -> Iterator[TableAppender]:
        """Replace the table atomically by parts given in canonical order, one after the other."""
        table = _table(name)
        with self._replacing(name) as temporary:
            schema = table.empty().to_arrow(compat_level=pl.CompatLevel.oldest()).schema
            with pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
                yield TableAppender(table, writer)

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

    @contextmanager
    def _replacing(self, name: str) -> Iterator[Path]:
        """A temporary file that becomes the table when all went well."""
        self._directory.mkdir(parents=True, exist_ok=True)
        temporary = self.path(name).with_suffix(f".{os.getpid()}.tmp")
        try:
            yield temporary
            temporary.replace(self.path(name))
        finally:
            temporary.unlink(missing_ok=True)


def _table(name: str) -> CanonicalTable:
    if name not in TABLES:
        raise TableInvalid(f"no canonical table is called {name}: one of {', '.join(TABLES)}")
    return TABLES[name]
