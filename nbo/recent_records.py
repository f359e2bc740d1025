"""The newest records of the log, from its end backwards: nothing older is read than is shown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from heapq import nlargest
from itertools import islice
from pathlib import Path

from service.adapters.event_log import StoredRecord
from service.adapters.event_log.book import stored_record, written_at
from service.adapters.event_log.format import KINDS, Header
from service.adapters.event_log.segment_files import SegmentFile, segments_in, writers_in
from service.adapters.event_log.segment_reading import read_at, read_headers
from service.ports.event_log import RecordKind


def recent_records(
    root: Path, *, kind: RecordKind | None, since: datetime | None, limit: int
) -> list[StoredRecord]:
    """At most `limit` records, newest last, taken as they are: `nbo audit verify` checks them."""
    found = (
        record
        for writer in writers_in(root)
        for record in islice(_newest_first(root / writer, kind, since), limit)
    )
    return nlargest(limit, found, key=lambda one: (one.written_at, one.writer, one.seq))[::-1]


def _newest_first(
    folder: Path, kind: RecordKind | None, since: datetime | None
) -> Iterator[StoredRecord]:
    for segment in reversed(segments_in(folder)):
        headers = [pair for pair in read_headers(segment.path) if _is_readable(pair[1])]
        wanted = [
            (offset, header)
            for offset, header in headers
            if kind in (None, KINDS[header.kind - 1])
            and (since is None or written_at(header) >= since)
        ]
        yield from _records(segment, wanted)
        if since is not None and headers and written_at(headers[0][1]) < since:
            return


def _records(segment: SegmentFile, places: list[tuple[int, Header]]) -> Iterator[StoredRecord]:
    for offset, _ in reversed(places):
        record = read_at(segment.path, offset)
        if record is not None:
            yield stored_record(segment.writer, record)


def _is_readable(header: Header) -> bool:
    return 1 <= header.kind <= len(KINDS)
