"""Fact tables cut into customer buckets, so that no bucket has to look through a whole table."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from training.features.customer_bucket import CustomerBucket
from training.tables.store import TableStore

_ROWS_AT_A_TIME = 1_000_000


class BucketedFacts:
    """The buckets' rows of every table, in the table's order, on disk until closed.

    A table is cut when it is first asked for, in one pass; a single bucket is the table itself.
    """

    def __init__(
        self, tables: TableStore, buckets: Sequence[CustomerBucket], scratch: Path
    ) -> None:
        self._tables, self._scratch = tables, scratch
        self._count = len(buckets)
        self._borders = pl.Series([b.first for b in buckets[1:]], dtype=pl.String)
        self._cut: set[str] = set()

    def __enter__(self) -> BucketedFacts:
        shutil.rmtree(self._scratch, ignore_errors=True)
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._scratch, ignore_errors=True)

    def of(self, table: str) -> list[pl.LazyFrame]:
        """The table's rows, bucket by bucket."""
        if self._count == 1 or not self._tables.has(table):
            return [self._tables.scan(table)] * self._count
        paths = [self._scratch / f"{table}-{number:05d}.parquet" for number in range(self._count)]
        if table not in self._cut:
            self._cut_up(table, paths)
            self._cut.add(table)
        return [pl.scan_parquet(path) for path in paths]

    def _cut_up(self, table: str, paths: Sequence[Path]) -> None:
        self._scratch.mkdir(parents=True, exist_ok=True)
        with ExitStack() as open_files:
            source = open_files.enter_context(pq.ParquetFile(self._tables.path(table)))
            writers = [
                open_files.enter_context(
                    pq.ParquetWriter(
                        path,
                        source.schema_arrow,
                        compression="lz4",
                        use_dictionary=False,
                        write_statistics=False,
                    )
                )
                for path in paths
            ]
            for batch in source.iter_batches(_ROWS_AT_A_TIME):
                self._distribute(batch, writers)

    def _distribute(self, batch: pa.RecordBatch, writers: Sequence[pq.ParquetWriter]) -> None:
        customers = pl.Series(batch.column("customer_id"))
        numbers = self._borders.search_sorted(customers, side="right")
        places = pl.DataFrame({"bucket": numbers}).with_row_index("row")
        for (number,), rows in places.partition_by("bucket", as_dict=True).items():
            part = pa.Table.from_batches([batch]).take(rows["row"].to_arrow())
            writers[number].write_table(part)
