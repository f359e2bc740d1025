"""One writer's chain: appends come from the event loop, group commits from a thread."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from threading import Lock
from typing import NamedTuple

from service.adapters.event_log.anchors import Anchor, AnchorFile
from service.adapters.event_log.format import (
    MOST_PAYLOAD_BYTES,
    NO_KEY,
    SALT_BYTES,
    Content,
    pack,
)
from service.adapters.event_log.index import write_index
from service.adapters.event_log.segment import OpenSegment
from service.adapters.event_log.segment_files import SegmentFile, segment_file, sync_folder
from service.adapters.event_log.writer_slots import WriterSlot
from service.errors import LogUnavailable
from service.ports.event_log import RecordKind

SEGMENT_BYTES = 64 * 2**20
SEGMENT_RECORDS = 2**16
"""A segment of many small records is full earlier: its keys are searched while it grows."""


class Unsynced(NamedTuple):
    """A record that is not known to be on disk yet."""

    seq: int
    key: bytes
    head: bytes
    payload: bytes


class ChainWriter:
    """The pen of one slot. After a failed group commit nothing is appended until one succeeds."""

    def __init__(
        self,
        slot: WriterSlot,
        anchor: AnchorFile,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        fsync: Callable[[int], None] = os.fsync,
    ) -> None:
        self._slot, self._writer, self._anchor = slot, slot.writer.encode(), anchor
        self._segment_bytes, self._fsync = segment_bytes, fsync
        end = slot.end
        self.seq, self.anchored_seq, self._h = end.seq, end.anchored_seq, end.h
        self._lock, self._full, self._unsynced = Lock(), list[OpenSegment](), list[Unsynced]()
        self._failure: LogUnavailable | None = None
        self._has_suspects = self._has_new_name = False
        if end.segment is None:
            self._segment = self._new_segment(self.seq + 1)
        else:
            self._segment = OpenSegment(end.segment, size=end.size, entries=end.entries)

    def append(self, kind: RecordKind, payload: bytes, key: bytes) -> int:
        """Write one record; its seq. Raises `LogUnavailable`, and then nothing was written."""
        if len(payload) > MOST_PAYLOAD_BYTES or len(key) not in (0, len(NO_KEY)):
            raise LogUnavailable(
                f"a record takes a key of {len(NO_KEY)} bytes and at most"
                f" {MOST_PAYLOAD_BYTES} bytes: this one has {len(key)} and {len(payload)}"
            )
        content = Content(
            kind, payload, key or NO_KEY, time.time_ns() // 1000, os.urandom(SALT_BYTES)
        )
        if self._failure is not None:
            raise self._failure.with_traceback(None)  # or it would grow with every append
        with self._lock:
            try:
                return self._append(content)
            except OSError as error:
                raise unavailable(self._slot.writer, error) from None

    def commit(self) -> None:
        """Bring everything appended so far to disk and anchor it. Raises `LogUnavailable`."""
        try:
            if self._has_suspects:
                self._write_anew()
            anchor, full = self._sync()
            if anchor.seq > self.anchored_seq:
                self._anchor.append(anchor)
                self.anchored_seq = anchor.seq
        except OSError as error:
            self._failure = unavailable(self._slot.writer, error)
            raise self._failure from None
        self._failure = None
        self._index(full)

    def close(self) -> None:
        """Give every file back; what was not committed stays for the next process to find."""
        for segment in (*self._full, self._segment):
            segment.close()
        self._anchor.close()
        self._slot.free()

    def _append(self, content: Content) -> int:
        head, h = pack(self._writer, self.seq + 1, self._h, content)
        size = self._segment.size + len(head) + len(content.payload)
        if size > self._segment_bytes or len(self._segment.entries) >= SEGMENT_RECORDS:
            self._rotate()
        self._segment.append(content.key, head, content.payload)
        self.seq, self._h = self.seq + 1, h
        self._unsynced.append(Unsynced(self.seq, content.key, head, content.payload))
        return self.seq

    def _rotate(self) -> None:
        if self._segment.size:
            fresh = self._new_segment(self.seq + 1)
            self._full.append(self._segment)
            self._segment = fresh

    def _new_segment(self, first_seq: int) -> OpenSegment:
        self._has_new_name = True
        return OpenSegment(segment_file(self._slot.folder, first_seq))

    def _sync(self) -> tuple[Anchor, tuple[OpenSegment, ...]]:
        """The end of the chain as it is on disk now, and the full segments on disk for good."""
        with self._lock:
            anchor, count = Anchor(self.seq, self._h), len(self._unsynced)
            full, has_new_name = tuple(self._full), self._has_new_name
            segments = (*full, self._segment)
            self._has_new_name = False
        try:
            for segment in segments:
                self._fsync(segment.descriptor)
            if has_new_name:
                sync_folder(self._slot.folder)
        except OSError:
            # After a failed fsync the kernel takes the pages for clean: only the bytes are left.
            self._has_suspects = self._has_new_name = True
            raise
        with self._lock:
            del self._unsynced[:count]
            del self._full[: len(full)]
        return anchor, full

    def _write_anew(self) -> None:
        """Everything that is not known to be on disk, once more, into a file of its own."""
        with self._lock:
            first = self._unsynced[0].seq if self._unsynced else self.seq + 1
            fresh = self._rewritten(first)
            before = (*self._full, self._segment)
            for segment in before:
                segment.cut_before(first)
            draft, file = fresh.file.path, segment_file(self._slot.folder, first)
            draft.replace(file.path)
            fresh.file, self._segment = file, fresh
            self._full = [segment for segment in before if segment.file.first_seq < first]
            self._has_suspects = False
        for segment in before:
            if segment.file.first_seq >= first:
                segment.close()

    def _rewritten(self, first: int) -> OpenSegment:
        draft = self._slot.folder / f".{first}.draft"
        draft.unlink(missing_ok=True)
        fresh = OpenSegment(SegmentFile(first, draft))
        try:
            for record in self._unsynced:
                fresh.append(record.key, record.head, record.payload)
        except OSError:
            fresh.close()
            raise
        return fresh

    def _index(self, full: Iterable[OpenSegment]) -> None:
        """For readers only: what cannot be written is rebuilt by whoever needs it."""
        for segment in full:
            segment.close()
            with suppress(OSError):
                write_index(segment.file, segment.entries)
        with suppress(OSError):
            self._segment.write_keys()


def unavailable(writer: str, error: OSError) -> LogUnavailable:
    """What an append or a wait that failed says."""
    return LogUnavailable(
        f"writer {writer} cannot write the event log ({error.strerror or error}): free disk space"
        " or mend the volume of NBO_HOME and of the anchors; writing goes on by itself then"
    )
