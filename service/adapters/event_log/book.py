"""Every writer's records, for any process to read while they are written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from service.adapters.event_log.format import KINDS, NO_KEY, SALT_BYTES, Header
from service.adapters.event_log.key_filter import hashes_of
from service.adapters.event_log.segment_files import SegmentFile, segments_in, writers_in
from service.adapters.event_log.segment_reading import Broken, ReadRecord, problem_of, read_all
from service.adapters.event_log.shelf import WriterShelf
from service.errors import RecordDamaged
from service.ports.event_log import LogRecord, RecordKind

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class StoredRecord(LogRecord):
    """A record with its time and what proves its place; `problem` is empty while it is what was
    written.
    """

    written_at: datetime
    content_digest: bytes
    payload_digest: bytes
    previous_h: bytes
    h: bytes
    salt: bytes
    problem: str = ""


class EventBook:
    """The log below `root` (NBO_HOME/log). One instance is for one thread."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._shelves: dict[str, WriterShelf] = {}

    def find(self, key: bytes, *, kind: RecordKind | None = None) -> StoredRecord | None:
        """The newest record with this key (and kind), of any writer. Raises `RecordDamaged`."""
        found = self.find_all(key, kind=kind)
        if not found:
            return None
        newest = found[-1]
        if newest.problem:
            raise RecordDamaged(newest.writer, newest.seq, newest.problem)
        return newest

    def find_all(self, key: bytes, *, kind: RecordKind | None = None) -> list[StoredRecord]:
        """Every record with this key (and kind), oldest first, damaged ones too."""
        found = []
        for segment, record in self.places(key):
            stored = stored_record(segment.writer, record, problem_of(record, segment.writer))
            if kind in (None, stored.kind):
                found.append(stored)
        return sorted(found, key=lambda one: (one.written_at, one.writer, one.seq))

    def places(self, key: bytes) -> Iterator[tuple[SegmentFile, ReadRecord]]:
        """Where the records of a key lie."""
        if key == NO_KEY or len(key) != len(NO_KEY):
            return
        hashes = hashes_of(key)
        for writer in writers_in(self._root):
            if writer not in self._shelves:
                self._shelves[writer] = WriterShelf(self._root / writer)
            yield from self._shelves[writer].places(key, hashes)

    def warm(self) -> None:
        """Open every index now, so that the first `find` is as fast as the next."""
        for _ in self.places(bytes([255]) * len(NO_KEY)):
            pass

    def records(
        self, *, kind: RecordKind | None = None, since: datetime | None = None
    ) -> Iterator[StoredRecord]:
        """Every record, writer by writer in the order of writing; what a living or killed writer
        has not finished is left out. Raises `RecordDamaged`.
        """
        for writer in writers_in(self._root):
            segments = segments_in(self._root / writer)
            for segment in segments:
                yield from _of(segment, segment is segments[-1], (kind, since))


def _of(
    segment: SegmentFile, is_last: bool, wanted: tuple[RecordKind | None, datetime | None]
) -> Iterator[StoredRecord]:
    kind, since = wanted
    seq = segment.first_seq - 1
    try:
        for record in read_all(segment.path, segment.writer):
            seq = record.header.seq
            if kind not in (None, KINDS[record.header.kind - 1]):
                continue
            if since is None or written_at(record.header) >= since:
                yield stored_record(segment.writer, record)
    except Broken as broken:
        if not is_last:
            raise RecordDamaged(segment.writer, seq + 1, broken.problem) from None
        if broken.is_unfinished:
            return
        raise RecordDamaged(segment.writer, seq + 1, broken.problem) from None


def stored_record(writer: str, record: ReadRecord, problem: str = "") -> StoredRecord:
    """A record as it was read; an unknown kind can only stand in a damaged header."""
    header, body = record.header, record.body
    if problem and not 1 <= header.kind <= len(KINDS):
        raise RecordDamaged(writer, header.seq, problem)
    return StoredRecord(
        writer=writer,
        seq=header.seq,
        kind=KINDS[header.kind - 1],
        key=header.key,
        payload=None if header.is_erased else body[SALT_BYTES:],
        written_at=written_at(header),
        content_digest=header.content,
        payload_digest=header.payload_digest,
        previous_h=header.previous,
        h=header.h,
        salt=body[:SALT_BYTES],
        problem=problem,
    )


def written_at(header: Header) -> datetime:
    """When the record was written, UTC."""
    return _EPOCH + timedelta(microseconds=header.micros)
