"""One canonical table: schema, key, stored order and the rules that span columns."""

from __future__ import annotations

from dataclasses import dataclass

import pandera.polars as pa
import polars as pl
import pyarrow

from training.tables.errors import TableInvalid


@dataclass(frozen=True)
class RowRule:
    """What must hold within a row; a rule that meets an unknown value holds."""

    reason: str
    holds: pl.Expr


@dataclass(frozen=True)
class CanonicalTable:
    """Schema of one table; `order` is the stored row order, empty = as the bank gave it.

    `folded` columns are read without regard to case. Of rows with one key that contradict each
    other one that is `preferred` stays.
    """

    name: str
    purpose: str
    schema: pa.DataFrameSchema
    key: tuple[str, ...]
    order: tuple[str, ...]
    fact_dates: tuple[str, ...] = ()
    row_rules: tuple[RowRule, ...] = ()
    mandatory: bool = False
    folded: tuple[str, ...] = ()
    preferred: pl.Expr | None = None

    @property
    def dtypes(self) -> dict[str, pl.DataType]:
        """Polars type of every column, in stored order."""
        return {name: column.dtype.type for name, column in self.schema.columns.items()}

    @property
    def arrow_schema(self) -> pyarrow.Schema:
        """Arrow type of every column, as the table is written."""
        return self.empty().to_arrow(compat_level=pl.CompatLevel.oldest()).schema

    @property
    def required(self) -> tuple[str, ...]:
        """Columns an input must have; the others may be missing and are then unknown."""
        return tuple(n for n, column in self.schema.columns.items() if not column.nullable)

    def describe(self, column: str) -> str:
        """What the column means, in one line."""
        return str(self.schema.columns[column].description)

    def empty(self) -> pl.DataFrame:
        """The table without rows, fully typed."""
        return pl.DataFrame(schema=self.dtypes)

    def conform(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """The frame in exactly this table's columns and types, or `TableInvalid`."""
        present = frame.collect_schema()
        missing = [name for name in self.required if name not in present]
        if missing:
            raise TableInvalid(f"table {self.name} lacks the column(s) {', '.join(missing)}")
        surplus = [name for name in present if name not in self.dtypes]
        if surplus:
            raise TableInvalid(f"table {self.name} has no column(s) {', '.join(surplus)}")
        return frame.select(
            pl.col(name).cast(dtype) if name in present else pl.lit(None, dtype).alias(name)
            for name, dtype in self.dtypes.items()
        )
