"""A view's rows as packed Redis commands, byte for byte what Feast would store."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from feature_repo.contract import Feature, Kind, features_of, list_length
from feature_repo.online_layout import (
    FLOAT_HEADER,
    encode_instant,
    encode_text,
    feast_field,
    feast_key,
    float_list_header,
    timestamp_field,
)
from feature_repo.views import EVENT_TIMESTAMP
from training.features.newest_rows import WallClock
from training.features.packed_redis import bulk, command

_UNSET = bulk(b"")
"""How Feast stores a value that is null: the field is there and holds no bytes."""


@dataclass(frozen=True)
class OnlineRows:
    """Per row the hash key (as an argument), the stored instant, and the command that writes it."""

    stamp_field: bytes
    keys: list[bytes]
    stamps: list[bytes]
    writes: list[bytes]

    def stamp_requests(self) -> list[bytes]:
        """Commands that ask which instant is stored of this view, one a row."""
        asked = self.stamp_field
        return [b"*3\r\n$4\r\nHGET\r\n%b%b" % (key, asked) for key in self.keys]


class ViewEncoder:
    """Encodes the rows of one view of one bank; whole columns at a time."""

    def __init__(self, bank: str, view: str, product_count: int) -> None:
        self._bank = bank
        self._columns = [_Column(feature, product_count) for feature in features_of(view)]
        self._stamp_field = bulk(timestamp_field(view))
        arguments = 2 + 2 * len(self._columns) + 2
        self._head = b"*%d\r\n%b" % (arguments, bulk(b"HSET"))

    def encode(self, batch: pa.RecordBatch, clock: WallClock) -> OnlineRows:
        """The rows of the batch, in its order."""
        keys = [bulk(feast_key(self._bank, name)) for name in batch["customer_id"].to_pylist()]
        instants = batch[EVENT_TIMESTAMP].cast(pa.int64()).to_numpy()
        stamps = [encode_instant(instant) for instant in clock.written(instants).tolist()]
        stamped = [self._stamp_field + bulk(stamp) for stamp in stamps]
        values = [column.arguments(batch[column.name]) for column in self._columns]
        heads = [self._head] * len(keys)
        writes = list(map(b"".join, zip(heads, keys, *values, stamped, strict=True)))
        return OnlineRows(self._stamp_field, keys, stamps, writes)


class _Column:
    """One feature: its field and value as two arguments, for every row of a batch."""

    def __init__(self, feature: Feature, product_count: int) -> None:
        self.name = feature.name
        self._kind = feature.kind
        self._field = bulk(feast_field(feature.view, feature.name))
        is_list = feature.kind not in (Kind.NUMBER, Kind.CATEGORY)
        self._length = list_length(feature.kind, product_count) if is_list else 1

    def arguments(self, column: pa.Array) -> list[bytes]:
        if self._kind is Kind.CATEGORY:
            return self._texts(column)
        return self._numbers(column) if self._kind is Kind.NUMBER else self._lists(column)

    def _texts(self, column: pa.Array) -> list[bytes]:
        coded = column.dictionary_encode()
        levels = [bulk(encode_text(level)) for level in coded.dictionary.to_pylist()]
        pieces = [self._field + value for value in (*levels, _UNSET)]
        codes = coded.indices.fill_null(len(levels))
        return [pieces[code] for code in codes.to_pylist()]

    def _numbers(self, column: pa.Array) -> list[bytes]:
        values = column.to_numpy(zero_copy_only=False)
        pieces = self._floats(FLOAT_HEADER, values.reshape(-1, 1))
        for row in np.flatnonzero(np.isnan(values)).tolist():
            pieces[row] = self._field + _UNSET
        return pieces

    def _lists(self, column: pa.ListArray) -> list[bytes]:
        lengths = column.value_lengths().fill_null(-1).to_numpy()
        if (lengths == self._length).all():
            flat = column.flatten().to_numpy(zero_copy_only=False)
            return self._floats(float_list_header(self._length), flat.reshape(-1, self._length))
        return [self._list(row) for row in column.to_pylist()]

    def _list(self, values: list[float | None] | None) -> bytes:
        if values is None:
            return self._field + _UNSET
        numbers = np.array(values, dtype="<f4")
        return self._field + bulk(float_list_header(len(numbers)) + numbers.tobytes())

    def _floats(self, header: bytes, values: NDArray[np.float32]) -> list[bytes]:
        """`values` (n, k) behind field, length and header, as n arguments of equal length."""
        payload = np.ascontiguousarray(values, dtype="<f4").view(np.uint8)
        length = len(header) + payload.shape[1]
        before = np.frombuffer(self._field + b"$%d\r\n%b" % (length, header), np.uint8)
        whole = np.empty((len(values), before.size + payload.shape[1] + 2), dtype=np.uint8)
        whole[:, : before.size] = before
        whole[:, before.size : -2] = payload
        whole[:, -2:] = np.frombuffer(b"\r\n", np.uint8)
        pieces: list[bytes] = whole.view(f"V{whole.shape[1]}").ravel().tolist()
        return pieces


def unlinking(key: bytes) -> bytes:
    """The command that removes a key; `key` is an argument already."""
    return command((bulk(b"UNLINK"), key))
