"""Finds a key's records in a segment that grows: its keys in the order of writing, then the records
that are not among them yet.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.adapters.event_log.index import ENTRY, ENTRY_BYTES, KEY_BYTES
from service.adapters.event_log.segment_files import SegmentFile
from service.adapters.event_log.segment_reading import ReadRecord, read_at, read_headers


def growing_records(segment: SegmentFile, key: bytes) -> list[ReadRecord]:
    """The records of this key, oldest first, compared with their own headers."""
    keys = _usable_keys(segment)
    records = [read_at(segment.path, offset) for offset in _offsets(keys, key)]
    right = [record for record in records if record is not None and record.header.key == key]
    if len(right) < len(records):
        return _scanned(segment, key, 0)
    known_to = int.from_bytes(keys[-8:]) if keys else 0
    # The last one known is looked at again: it tells where the next one begins.
    return right + [one for one in _scanned(segment, key, known_to) if one not in right[-1:]]


def _offsets(keys: bytes, key: bytes) -> Iterator[int]:
    place = keys.find(key)
    while place >= 0:
        if place % ENTRY_BYTES == 0:
            yield int.from_bytes(keys[place + KEY_BYTES : place + ENTRY_BYTES])
        place = keys.find(key, place + 1)


def _scanned(segment: SegmentFile, key: bytes, start: int) -> list[ReadRecord]:
    headers = read_headers(segment.path, start)
    records = [read_at(segment.path, offset) for offset, one in headers if one.key == key]
    return [record for record in records if record is not None]


def _usable_keys(segment: SegmentFile) -> bytes:
    """The whole entries of the keys file, unless its last one or their number is wrong."""
    try:
        keys = segment.keys_path.read_bytes()
    except FileNotFoundError:
        return b""
    keys = keys[: len(keys) - len(keys) % ENTRY_BYTES]
    if not keys:
        return b""
    key, offset = ENTRY.unpack(keys[-ENTRY_BYTES:])
    last = read_at(segment.path, offset)
    if last is None or last.header.key != key:
        return b""
    count = last.header.seq - segment.first_seq + 1
    return keys if len(keys) == count * ENTRY_BYTES else b""
