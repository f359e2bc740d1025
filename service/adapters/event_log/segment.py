"""One segment while it is written: whole records only, and the keys beside them."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence

from service.adapters.event_log.index import ENTRY_BYTES, IndexEntry, entry_bytes
from service.adapters.event_log.segment_files import SegmentFile


class OpenSegment:
    """The file a writer appends to. `append` is for one thread, the rest for another."""

    def __init__(
        self, file: SegmentFile, *, size: int = 0, entries: Sequence[IndexEntry] = ()
    ) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        # A new segment must be new: what lies there already has a place in the chain.
        self.descriptor = os.open(file.path, flags if size else flags | os.O_EXCL, 0o600)
        self.file, self.size, self.entries = file, size, list(entries)
        self._keys_written, self._has_half_a_record = 0, False

    def append(self, key: bytes, head: bytes, payload: bytes) -> None:
        """One gathered write; on `OSError` nothing of the record stays."""
        if self._has_half_a_record:
            self._take_back()
        whole = len(head) + len(payload)
        try:
            written = os.writev(self.descriptor, (head, payload))
        except OSError:
            self._take_back()
            raise
        if written != whole:
            self._take_back()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.entries.append(IndexEntry(key, self.size))
        self.size += whole

    def write_keys(self) -> None:
        """Bring the keys file up to date. Raises `OSError`; the next call makes up for it."""
        entries = self.entries[self._keys_written :]
        flags = os.O_WRONLY | os.O_CREAT | (0 if self._keys_written else os.O_TRUNC)
        descriptor = os.open(self.file.keys_path, flags, 0o600)
        try:
            content = entry_bytes(entries)
            if os.pwrite(descriptor, content, self._keys_written * ENTRY_BYTES) == len(content):
                self._keys_written += len(entries)
        finally:
            os.close(descriptor)

    def cut_before(self, seq: int) -> None:
        """Keep only the records before this one; the file goes when none is left. `OSError`."""
        place = max(seq - self.file.first_seq, 0)
        if place == 0:
            self.file.path.unlink(missing_ok=True)
        if place < len(self.entries):
            os.ftruncate(self.descriptor, self.entries[place].offset)
            self.size = self.entries[place].offset
            del self.entries[place:]

    def close(self) -> None:
        """Give the file back."""
        os.close(self.descriptor)

    def _take_back(self) -> None:
        self._has_half_a_record = True
        os.ftruncate(self.descriptor, self.size)
        self._has_half_a_record = False
