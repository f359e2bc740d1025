"""The facts of one month on disk, block by block, and the whole bank's facts in order of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from training.simulated_bank.transactions import Columns

WINDOW_ROWS = 1_000_000
"""About so many rows of all blocks are in memory at once, however large the bank is."""

_ROW_BITS = 24
"""A customer's row is below 10 million, so that second and row make one number to sort by."""


def put_aside(path: Path, columns: Columns, first_row: int) -> None:
    """Write a block's month in order of time and customer, rows numbered across the bank."""
    row = columns["row"].astype(np.int64) + first_row
    numbered = columns | {"row": row.astype(np.int32), "second": columns["second"].astype(np.int32)}
    order = np.argsort(_key(numbered), kind="stable")
    table = pa.table({name: column[order] for name, column in numbered.items()})
    with pa.ipc.new_file(path, table.schema) as writer:
        writer.write_table(table)


def in_order(paths: Sequence[Path], *, window_rows: int = WINDOW_ROWS) -> Iterator[Columns]:
    """What the blocks put aside, merged: windows of time one after the other."""
    blocks = [_columns(path) for path in paths]
    borders = _borders([block["second"] for block in blocks], window_rows)
    cuts = [np.searchsorted(block["second"], borders) for block in blocks]
    for window in range(len(borders) - 1):
        parts = [
            {name: column[cut[window] : cut[window + 1]] for name, column in block.items()}
            for block, cut in zip(blocks, cuts, strict=True)
        ]
        merged = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        order = np.argsort(_key(merged), kind="stable")
        yield {name: column[order] for name, column in merged.items()}


def _columns(path: Path) -> Columns:
    """The file's columns, mapped into memory and read as they are needed."""
    table = pa.ipc.open_file(pa.memory_map(str(path))).read_all().combine_chunks()
    return {name: table.column(name).to_numpy() for name in table.column_names}


def _key(columns: Columns) -> NDArray[np.int64]:
    second = columns["second"].astype(np.int64)
    return np.asarray(second << _ROW_BITS | columns["row"].astype(np.int64))


def _borders(seconds: Sequence[NDArray[np.generic]], window_rows: int) -> NDArray[np.int64]:
    """Instants that cut the rows into windows of about the same number of rows."""
    count = sum(map(len, seconds))
    sample = np.sort(np.concatenate([second[::100] for second in seconds]).astype(np.int64))
    windows = max(1, min(-(-count // window_rows), len(sample)))
    inner = sample[[len(sample) * window // windows for window in range(1, windows)]]
    ends = np.iinfo(np.int32)
    return np.concatenate([[ends.min], inner, [ends.max]]).astype(np.int64)
