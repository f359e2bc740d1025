"""Takes payloads out of the log for good; the chain over them stays whole."""

from __future__ import annotations

import os

import msgspec

from service.adapters.event_log.book import EventBook
from service.adapters.event_log.format import CODES, SALT_BYTES, erased
from service.adapters.event_log.segment_reading import ReadRecord
from service.ports.event_log import RecordKind


def erase_payloads(book: EventBook, key: bytes) -> int:
    """Zero salt and payload of every record with this key and mark it; how many there are."""
    count = 0
    for segment, record in book.places(key):
        descriptor = os.open(segment.path, os.O_WRONLY)
        try:
            os.pwrite(descriptor, erased(record.header), record.offset)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        count += 1
    return count


def told_erasure(record: ReadRecord) -> bytes:
    """The key whose payloads this record says were erased; empty when it says no such thing."""
    if record.header.kind != CODES[RecordKind.ERASURE] or record.header.is_erased:
        return b""
    try:
        told = msgspec.msgpack.decode(record.body[SALT_BYTES:], type=dict[str, bytes])
    except msgspec.DecodeError:
        return b""
    return told.get("erased_key", b"")
