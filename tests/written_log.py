"""A small event log on disk with known contents, and where each of its records lies."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from service.adapters.event_log import FileEventLog
from service.adapters.event_log.segment_files import SegmentFile, segments_in
from service.adapters.event_log.segment_reading import read_headers
from service.adapters.event_log.verdict import LogVerdict
from service.adapters.event_log.verification import verify
from service.ports import RecordKind

SMALL_SEGMENT = 2_000
KINDS = (RecordKind.DECISION, RecordKind.OUTCOME, RecordKind.KILL_SWITCH)
_keys = count(1)


def some_key() -> bytes:
    """A key nobody has yet; like a ULID, later ones sort later."""
    return next(_keys).to_bytes(16)


@dataclass(frozen=True)
class Place:
    """One record: its segment and the bytes it takes there."""

    segment: SegmentFile
    seq: int
    start: int
    end: int


@dataclass
class WrittenLog:
    """The two folders of a log below `root`."""

    root: Path
    segment_bytes: int = SMALL_SEGMENT
    keys: dict[tuple[str, int], bytes] = field(default_factory=dict)

    @property
    def records(self) -> Path:
        return self.root / "log"

    @property
    def anchors(self) -> Path:
        return self.root / "anchors"

    def log(self, **options: Any) -> FileEventLog:
        """A log to be opened."""
        return FileEventLog(
            self.records, self.anchors, **{"segment_bytes": self.segment_bytes} | options
        )

    @contextmanager
    def opened(self, **options: Any):
        log = self.log(**options)
        log.open_now()
        try:
            yield log
        finally:
            log.close_now()

    def write(self, payloads: Sequence[bytes]) -> str:
        """Append these in one life of one writer; its name."""
        with self.opened() as log:
            return self.append(log, payloads)

    def append(self, log: FileEventLog, payloads: Sequence[bytes]) -> str:
        for place, payload in enumerate(payloads):
            key = some_key()
            log.append(KINDS[place % 3], payload, key=key)
            assert log._pen is not None
            self.keys[log.slot.writer, log._pen.chain.seq] = key
        return log.slot.writer

    def write_by_several(self, payloads: Sequence[Sequence[bytes]]) -> None:
        """One writer for each list, all at the same time."""
        logs = [self.log() for _ in payloads]
        for log in logs:
            log.open_now()
        for log, own in zip(logs, payloads, strict=True):
            self.append(log, own)
        for log in logs:
            log.close_now()

    def verdict(self) -> LogVerdict:
        return verify(self.records, self.anchors, lambda step, done, total: None)

    def bad(self) -> list[tuple[str, int | None]]:
        return [(one.writer, one.bad_seq) for one in self.verdict().damaged]

    def segments(self, writer: str) -> list[SegmentFile]:
        return segments_in(self.records / writer)

    def places(self, writer: str) -> list[Place]:
        return [
            Place(segment, header.seq, offset, offset + header.record_bytes)
            for segment in self.segments(writer)
            for offset, header in read_headers(segment.path)
        ]


async def settled(log: FileEventLog) -> None:
    """As a use case waits for it."""
    await log.settle()


def settle(log: FileEventLog) -> None:
    asyncio.run(settled(log))


def forget_indexes(log: WrittenLog) -> None:
    """As if they had never been written."""
    for pattern in ("*/*.index", "*/*.keys"):
        for path in log.records.glob(pattern):
            with suppress(FileNotFoundError):
                path.unlink()
