"""Which rows of a view's history go online: each customer's newest, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from training.features.calendar import EPOCH, end_of_day

TOLERANCE = timedelta(minutes=5)
_MICROSECOND = timedelta(microseconds=1)
_MEMORY = "512MB"
_BUFFER_BYTES = 1 << 20

# A struct is compared field by field: of two rows of one instant the one created last counts.
_NEWEST = """
    SELECT max({'event': event_timestamp, 'created': created_timestamp, 'row': file_row_number}).row
    FROM read_parquet(?, file_row_number = true)
    WHERE epoch_us(event_timestamp) <= ? OR epoch_us(event_timestamp) = ?
    GROUP BY customer_id
"""
_FUTURE = """
    SELECT count(*) FROM read_parquet(?)
    WHERE epoch_us(event_timestamp) > ? AND epoch_us(event_timestamp) <> ?
"""


@dataclass(frozen=True)
class WallClock:
    """The instant of a load, microseconds since 1970-01-01 UTC, and what it makes of row instants.

    A row of the future would block all later writes of its customer: it is not loaded. Only the
    rows of today, which are dated at the end of the day, are taken, and count as of now.
    """

    now: int
    latest: int
    end_of_today: int

    @classmethod
    def at(cls, instant: datetime) -> WallClock:
        """The clock of a load that happens at this instant."""
        today = end_of_day(instant.astimezone(timezone.utc).date())
        return cls(*map(_microseconds, (instant, instant + TOLERANCE, today)))

    def is_future(self, instant: int) -> bool:
        """Whether nothing can be true of this instant yet."""
        return instant > self.latest and instant != self.end_of_today

    def written(self, instants: NDArray[np.int64]) -> NDArray[np.int64]:
        """The instants the rows are stored with."""
        is_ahead = (instants > self.latest) & (instants == self.end_of_today)
        return np.where(is_ahead, self.now, instants)


@dataclass(frozen=True)
class NewestRows:
    """Row numbers (ascending) of a Parquet file, one a customer, and how many rows were refused."""

    path: Path
    rows: NDArray[np.int64]
    future: int

    @classmethod
    def of(cls, path: Path, clock: WallClock) -> NewestRows:
        """The newest row of every customer that is not of the future."""
        asked = [str(path), clock.latest, clock.end_of_today]
        with duckdb.connect(config={"memory_limit": _MEMORY}) as database:
            future = database.execute(_FUTURE, asked).fetchone()
            rows = database.execute(_NEWEST, asked).fetchnumpy()
        (numbers,) = rows.values()
        return cls(path, np.sort(np.asarray(numbers, dtype=np.int64)), future[0] if future else 0)

    def batches(self, size: int) -> Iterator[pa.RecordBatch]:
        """The rows themselves, from batches of at most `size`; groups without any are not read."""
        with pq.ParquetFile(self.path, buffer_size=_BUFFER_BYTES, pre_buffer=False) as file:
            groups = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
            starts = np.concatenate([[0], np.cumsum(groups)]).astype(np.int64)
            wanted = [i for i in range(len(groups)) if self._chosen(starts[i], starts[i + 1]).size]
            for group in wanted:
                start = int(starts[group])
                for batch in file.iter_batches(size, row_groups=[group]):
                    chosen = self._chosen(start, start + batch.num_rows)
                    if chosen.size:
                        yield batch.take(pa.array(chosen - start))
                    start += batch.num_rows

    def _chosen(self, start: int, end: int) -> NDArray[np.int64]:
        first, last = np.searchsorted(self.rows, [start, end])
        return self.rows[first:last]


def _microseconds(instant: datetime) -> int:
    return (instant - datetime(EPOCH.year, EPOCH.month, EPOCH.day, tzinfo=timezone.utc)) // (
        _MICROSECOND
    )
