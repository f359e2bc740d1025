"""Finds a key's records in a full segment: sorted keys behind a filter, checksummed and mapped into
memory; rebuilt from the segment where it is missing or wrong. What it says is always compared with
the record itself.
"""

from __future__ import annotations

import mmap
import os
import threading
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from struct import Struct
from typing import NamedTuple
from zlib import crc32

import numpy as np

from service.adapters.event_log.format import NO_KEY
from service.adapters.event_log.key_filter import build_filter, filter_bytes
from service.adapters.event_log.segment_files import SegmentFile
from service.adapters.event_log.segment_reading import read_headers

ENTRY = Struct(">16sQ")
ENTRY_BYTES = ENTRY.size
KEY_BYTES = 16
_MAGIC = b"NBOX\x00\x00\x00\x01"
_HEAD = Struct(">8sQQII")
_FILTER_AT = _HEAD.size + 4


class IndexEntry(NamedTuple):
    """A record's key and where it begins in its segment."""

    key: bytes
    offset: int


class IndexUnusable(Exception):
    """The index file is missing, of another segment length, or not what was written."""


def entry_bytes(entries: Iterable[IndexEntry]) -> bytes:
    """Entries as they lie in a file."""
    return b"".join([ENTRY.pack(*entry) for entry in entries])


class SortedIndex:
    """A full segment's index; the checksum of its entries is looked at before their first use."""

    def __init__(self, content: mmap.mmap | bytes, segment_bytes: int) -> None:
        head = content[:_FILTER_AT]
        if len(head) < _FILTER_AT or crc32(head[:-4]) != int.from_bytes(head[-4:]):
            raise IndexUnusable
        magic, count, covered, filter_sum, self._entries_sum = _HEAD.unpack(head[:-4])
        self._entries_at = _FILTER_AT + filter_bytes(count)
        size = self._entries_at + count * ENTRY_BYTES
        if magic != _MAGIC or covered != segment_bytes or size != len(content):
            raise IndexUnusable
        self.key_filter = content[_FILTER_AT : self._entries_at]
        if crc32(self.key_filter) != filter_sum:
            raise IndexUnusable
        self._content, self._places, self._is_checked = content, range(count), False

    def offsets(self, key: bytes) -> Iterator[int]:
        """Where the records of this key begin, oldest first. Raises `IndexUnusable`."""
        self._check()
        place = bisect_left(self._places, key, key=self._key)
        while place < len(self._places) and self._key(place) == key:
            at = self._entries_at + place * ENTRY_BYTES
            yield ENTRY.unpack(self._content[at : at + ENTRY_BYTES])[1]
            place += 1

    def _key(self, place: int) -> bytes:
        at = self._entries_at + place * ENTRY_BYTES
        return self._content[at : at + KEY_BYTES]

    def _check(self) -> None:
        if not self._is_checked:
            with memoryview(self._content) as view, view[self._entries_at :] as entries:
                if crc32(entries) != self._entries_sum:
                    raise IndexUnusable
            self._is_checked = True


def open_index(segment: SegmentFile) -> SortedIndex:
    """The index of a full segment, built first if there is none to use."""
    segment_bytes = segment.path.stat().st_size
    try:
        return SortedIndex(_mapped(segment.index_path), segment_bytes)
    except (FileNotFoundError, ValueError, IndexUnusable):  # ValueError: it is empty
        return rebuild_index(segment)


def rebuild_index(segment: SegmentFile) -> SortedIndex:
    """The index made anew from the segment; kept beside it where that is possible."""
    headers = read_headers(segment.path)
    return write_index(segment, [IndexEntry(header.key, offset) for offset, header in headers])


def write_index(segment: SegmentFile, entries: Iterable[IndexEntry]) -> SortedIndex:
    """Sort and keep the entries of a full segment; a disk that takes nothing costs only time."""
    segment_bytes = segment.path.stat().st_size
    content = packed_index(entries, segment_bytes)
    # The writer and a reader of one process may both be at it: neither takes the other's draft.
    own = f"{os.getpid()}.{threading.get_ident()}"
    draft = segment.index_path.with_name(f".{segment.index_path.name}.{own}")
    try:
        draft.write_bytes(content)
        draft.replace(segment.index_path)
        segment.keys_path.unlink(missing_ok=True)
        return SortedIndex(_mapped(segment.index_path), segment_bytes)
    except OSError:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        return SortedIndex(content, segment_bytes)


def packed_index(entries: Iterable[IndexEntry], segment_bytes: int) -> bytes:
    """The index file of these entries; records without a key are not in it."""
    # numpy sorts without holding the interpreter: the event loop goes on.
    raw = entry_bytes(entry for entry in entries if entry.key != NO_KEY)
    numbers = np.frombuffer(raw, ">u8").astype(np.uint64).reshape(-1, 3)
    order = np.lexsort((numbers[:, 2], numbers[:, 1], numbers[:, 0]))
    ordered = numbers[order].astype(">u8").tobytes()
    bits = build_filter(numbers[:, 0], numbers[:, 1])
    head = _HEAD.pack(_MAGIC, len(numbers), segment_bytes, crc32(bits), crc32(ordered))
    return head + crc32(head).to_bytes(4) + bits + ordered


def _mapped(path: Path) -> mmap.mmap:
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
