"""A table's digest from its rows in stored order, however many parts or row groups they come in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from training.tables.canonical_table import CanonicalTable

BLOCK_ROWS = 65_536


class TableDigest:
    """SHA-256 over columns and values, taken block by block of a fixed number of rows.

    It follows from the values alone: not from the file's layout, the library that wrote it or the
    parts it was given in.
    """

    def __init__(self, table: CanonicalTable) -> None:
        self._schema = table.arrow_schema
        columns = ",".join(f"{name}:{dtype}" for name, dtype in table.dtypes.items())
        self._digest = hashlib.sha256(f"{table.name}({columns})\n".encode())
        self._waiting: list[pa.Table] = []
        self._waiting_rows = 0

    def add(self, rows: pa.Table) -> None:
        """Take in the next rows, in any chunks."""
        self._waiting.append(rows.cast(self._schema))
        self._waiting_rows += len(rows)
        if self._waiting_rows >= BLOCK_ROWS:
            self._take_in(self._waiting_rows // BLOCK_ROWS * BLOCK_ROWS)

    def hexdigest(self) -> str:
        """The digest of everything added; nothing may be added afterwards."""
        self._take_in(self._waiting_rows)
        return self._digest.hexdigest()

    def _take_in(self, count: int) -> None:
        waiting = pa.concat_tables([self._schema.empty_table(), *self._waiting])
        for start in range(0, count, BLOCK_ROWS):
            block = waiting.slice(start, min(BLOCK_ROWS, count - start))
            self._digest.update(len(block).to_bytes(8, "little"))
            for column in block.columns:
                for part in _parts(column.combine_chunks()):
                    self._digest.update(part)
        rest = waiting.slice(count)
        self._waiting, self._waiting_rows = [rest], len(rest)


def _parts(column: pa.Array) -> Iterator[bytes | memoryview]:
    """What a column's values are, as bytes: which are known, lengths, values (unknown = empty)."""
    yield bytes([column.null_count > 0])
    if column.null_count:
        yield _numbers(column.is_valid())
    if pa.types.is_large_list(column.type):
        yield _numbers(pc.list_value_length(column).fill_null(0))
        yield from _parts(column.flatten())
    elif pa.types.is_large_string(column.type):
        yield from _texts(column.fill_null("") if column.null_count else column)
    else:
        yield _numbers(column)


def _texts(column: pa.Array) -> Iterator[bytes | memoryview]:
    if not len(column):
        return
    _, offsets, characters = column.buffers()
    ends = np.frombuffer(offsets, np.int64)[column.offset : column.offset + len(column) + 1]
    yield np.diff(ends).astype("<u4").data
    if characters is not None:
        yield memoryview(characters)[ends[0] : ends[-1]]


def _numbers(column: pa.Array) -> memoryview:
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.uint8())
    if pa.types.is_temporal(column.type):
        column = column.view(pa.int32() if column.type.bit_width == 32 else pa.int64())
    if column.null_count:
        column = column.fill_null(0)
    return np.ascontiguousarray(column.to_numpy(zero_copy_only=False)).data
