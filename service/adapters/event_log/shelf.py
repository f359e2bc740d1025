"""One writer's segments, each with what finds a key in it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from service.adapters.event_log.growing_keys import growing_records
from service.adapters.event_log.index import (
    IndexUnusable,
    SortedIndex,
    open_index,
    rebuild_index,
)
from service.adapters.event_log.key_filter import those_that_may_hold
from service.adapters.event_log.segment_files import SegmentFile, segments_in
from service.adapters.event_log.segment_reading import ReadRecord, read_at

_CLOCK_TICK_NANOSECONDS = 50_000_000


class WriterShelf:
    """Keeps the indexes of full segments open; looks for new segments when the folder changed."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._seen_change = folder, 0
        self._full: dict[SegmentFile, SortedIndex] = {}
        self._filters: list[tuple[bytes, int, SegmentFile]] = []
        self._growing: list[SegmentFile] = []

    def places(
        self, key: bytes, hashes: tuple[int, ...]
    ) -> Iterator[tuple[SegmentFile, ReadRecord]]:
        """The records that have this key, compared with their own headers."""
        self._refresh()
        for segment in those_that_may_hold(self._filters, hashes):
            yield from self._in_full(segment, key)
        for segment in self._growing:
            for record in growing_records(segment, key):
                yield segment, record

    def _in_full(self, segment: SegmentFile, key: bytes) -> list[tuple[SegmentFile, ReadRecord]]:
        try:
            return _records(segment, self._full[segment], key)
        except IndexUnusable:
            self._full[segment] = rebuilt = rebuild_index(segment)
            return _records(segment, rebuilt, key, believes_segment=True)

    def _refresh(self) -> None:
        changed = self._folder.stat().st_mtime_ns
        # Two changes within one tick of the file system's clock have one time.
        is_settled = changed < time.time_ns() - _CLOCK_TICK_NANOSECONDS
        if changed == self._seen_change:
            return
        segments = segments_in(self._folder)
        known = self._full
        # One that is full has no index for a moment: its writer makes it, not whoever reads.
        waiting = [s for s in segments[:-1] if s not in known and _is_being_indexed(s)]
        full = [s for s in segments[:-1] if s not in waiting]
        self._growing = [*waiting, *segments[-1:]]
        self._full = {s: known.get(s) or open_index(s) for s in full}
        filters = [(index.key_filter, segment) for segment, index in self._full.items()]
        self._filters = [(bits, len(bits) * 8 - 1, segment) for bits, segment in filters]
        self._seen_change = changed if is_settled else 0


def _is_being_indexed(segment: SegmentFile) -> bool:
    return not segment.index_path.exists() and segment.keys_path.exists()


def _records(
    segment: SegmentFile, index: SortedIndex, key: bytes, *, believes_segment: bool = False
) -> list[tuple[SegmentFile, ReadRecord]]:
    found = []
    for offset in index.offsets(key):
        record = read_at(segment.path, offset)
        if record is not None and record.header.key == key:
            found.append((segment, record))
        elif not believes_segment:
            raise IndexUnusable
    return found
