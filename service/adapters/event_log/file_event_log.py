"""The event log in files of this machine: one chain for each worker, read by all of them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock

import msgspec

from service.adapters.event_log.anchors import AnchorFile, anchor_path
from service.adapters.event_log.book import EventBook, StoredRecord
from service.adapters.event_log.chain_writer import SEGMENT_BYTES, ChainWriter, unavailable
from service.adapters.event_log.erasure import erase_payloads
from service.adapters.event_log.format import NO_KEY
from service.adapters.event_log.group_commit import GroupCommit, LogWatch, NobodyWatches
from service.adapters.event_log.own_chain import own_places, read_note, write_note
from service.adapters.event_log.writer_slots import WriterSlot, take_slot
from service.errors import LogUnavailable
from service.ports.event_log import OwnPlace, RecordKind


@dataclass(frozen=True)
class _Pen:
    slot: WriterSlot
    chain: ChainWriter
    commits: GroupCommit


class FileEventLog:
    """The port's file adapter. `open` takes the first free slot, `close` settles and frees it."""

    def __init__(
        self,
        root: Path,
        anchors: Path,
        *,
        watch: LogWatch | None = None,
        segment_bytes: int = SEGMENT_BYTES,
        fsync: Callable[[int], None] = os.fsync,
    ) -> None:
        self._root, self._anchors, self._watch = root, anchors, watch or NobodyWatches()
        self._segment_bytes, self._fsync = segment_bytes, fsync
        self._pen: _Pen | None = None
        self.book, self._reading, self._noting = EventBook(root), Lock(), Lock()

    @property
    def slot(self) -> WriterSlot:
        """The slot taken, with what was found in it. Raises `LogUnavailable` while closed."""
        return self._opened.slot

    async def open(self) -> None:
        """Take a slot, continue its chain, open the indexes. Raises `LogUnavailable`."""
        await asyncio.to_thread(self.open_now)

    async def close(self) -> None:
        """Bring the rest to disk and free the slot; closing twice is fine."""
        await asyncio.to_thread(self.close_now)

    def append(self, kind: RecordKind, payload: bytes, *, key: bytes = b"") -> None:
        """One write into this worker's segment; on disk within 50 ms. Raises `LogUnavailable`."""
        pen = self._opened
        try:
            pen.chain.append(kind, payload, key)
        except LogUnavailable as error:
            self._watch.failed(error)
            raise
        pen.commits.wanted()
        self._watch.recorded(kind)

    async def settle(self) -> None:
        """Return once everything appended so far is on disk and anchored. Raises
        `LogUnavailable`.
        """
        if (future := self._unsettled()) is not None:
            await asyncio.wrap_future(future)

    def find(self, key: bytes, *, kind: RecordKind | None = None) -> StoredRecord | None:
        """The newest record with this key, of any writer; for any thread. Raises
        `RecordDamaged`.
        """
        with self._reading:
            return self.book.find(key, kind=kind)

    @property
    def durable_seq(self) -> int:
        """The last record of the own chain that is on disk and anchored; 0 = none."""
        return self._opened.chain.anchored_seq

    def own_places(self, *, after: int, since: datetime | None = None) -> Iterator[OwnPlace]:
        """The records of this slot's chain behind `after`, in order; for any thread."""
        return own_places(self.slot.folder, after=after, since=since)

    def recall(self) -> bytes:
        """The note kept beside this slot's chain; empty when there is none or it is damaged."""
        return read_note(self.slot.folder)

    def remember(self, note: bytes) -> None:
        """Replace that note; for any thread. Raises `LogUnavailable`."""
        with self._noting:
            try:
                write_note(self.slot.folder, note)
            except OSError as error:
                raise unavailable(self.slot.writer, error) from None

    def open_now(self) -> None:
        """As `open`, for who has no event loop."""
        try:
            slot = take_slot(self._root, self._anchors)
        except OSError as error:
            raise unavailable("w*", error) from None
        with ExitStack() as taken:
            taken.callback(slot.free)
            try:
                anchor = AnchorFile(anchor_path(self._anchors, slot.writer))
                taken.callback(anchor.close)
                chain = ChainWriter(
                    slot, anchor, segment_bytes=self._segment_bytes, fsync=self._fsync
                )
                self.book.warm()
            except OSError as error:
                raise unavailable(slot.writer, error) from None
            taken.pop_all()
        self._pen = _Pen(slot, chain, GroupCommit(chain, self._watch))
        self._pen.commits.start()

    def close_now(self) -> None:
        """As `close`, for who has no event loop."""
        pen, self._pen = self._pen, None
        if pen is not None:
            pen.commits.close()
            pen.chain.close()

    def settle_now(self) -> None:
        """As `settle`, for who has no event loop."""
        if (future := self._unsettled()) is not None:
            future.result()

    def erase(self, key: bytes) -> int:
        """Erase the payloads of every record with this key, of any writer; how many there are.

        The erasure is a record itself, on disk before the first payload goes. Blocks.
        """
        if len(key) != len(NO_KEY) or key == NO_KEY:
            return 0
        self.append(RecordKind.ERASURE, msgspec.msgpack.encode({"erased_key": key}))
        self.settle_now()
        return erase_payloads(self.book, key)

    def _unsettled(self) -> Future[None] | None:
        pen = self._opened
        is_settled = pen.chain.anchored_seq == pen.chain.seq
        return None if is_settled else pen.commits.settled()

    @property
    def _opened(self) -> _Pen:
        if self._pen is None:
            raise LogUnavailable("the event log is not open: open it before writing")
        return self._pen
