"""Writes the history of one feature view in the schema Feast reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from feature_repo.contract import Feature, Kind, features_of, list_length
from feature_repo.raw_features import Float32s

_INSTANT = pa.timestamp("us", tz="UTC")
_MOSTLY_DISTINCT = ("customer_transactions", "product_affinity")
"""Views of amounts and scores: dictionaries would double their writing time for no smaller file."""


@dataclass(frozen=True)
class ViewRows:
    """Rows of a view true at one instant; `values` holds numbers (n,), lists (n, L) and texts."""

    customer_ids: Sequence[str]
    microseconds: int
    values: Mapping[str, Float32s | pl.Series]


def view_schema(view: str) -> pa.Schema:
    """The Parquet schema of a view's history."""
    features = [pa.field(feature.name, _arrow_type(feature.kind)) for feature in features_of(view)]
    stamps = [pa.field(name, _INSTANT) for name in ("event_timestamp", "created_timestamp")]
    return pa.schema([pa.field("customer_id", pa.string()), *stamps, *features])


class ViewWriter:
    """Replaces a view's file once closed without error; without rows the file is empty."""

    def __init__(self, path: Path, view: str, product_count: int) -> None:
        self._path = path
        self._view = view
        self._temporary = path.with_suffix(".tmp")
        self._features = features_of(view)
        self._schema = view_schema(view)
        self._product_count = product_count

    def __enter__(self) -> ViewWriter:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._parquet = pq.ParquetWriter(
            self._temporary,
            self._schema,
            compression="zstd",
            use_dictionary=self._view not in _MOSTLY_DISTINCT,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        self._parquet.close()
        if kind is None:
            self._temporary.replace(self._path)
        else:
            self._temporary.unlink()

    def write(self, rows: ViewRows) -> None:
        """Append rows; created and event instant are the same, so equal input is an equal file."""
        count = len(rows.customer_ids)
        if not count:
            return
        instants = pa.array(np.full(count, rows.microseconds), pa.int64()).cast(_INSTANT)
        columns = [pa.array(rows.customer_ids, pa.string()), instants, instants]
        columns += [self._column(feature, rows.values[feature.name]) for feature in self._features]
        self._parquet.write_table(pa.Table.from_arrays(columns, schema=self._schema))

    def _column(self, feature: Feature, values: Float32s | pl.Series) -> pa.Array:
        if isinstance(values, pl.Series):
            return values.to_arrow().cast(pa.string())
        if feature.kind is Kind.NUMBER:
            return pa.array(values, pa.float32())
        length = list_length(feature.kind, self._product_count)
        offsets = np.arange(0, (len(values) + 1) * length, length, dtype=np.int32)
        flat = np.ascontiguousarray(values, dtype=np.float32).reshape(-1)
        return pa.ListArray.from_arrays(pa.array(offsets), pa.array(flat))


def _arrow_type(kind: Kind) -> pa.DataType:
    if kind is Kind.CATEGORY:
        return pa.string()
    return pa.float32() if kind is Kind.NUMBER else pa.list_(pa.float32())
