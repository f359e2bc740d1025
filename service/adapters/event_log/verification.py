"""Compares every record with its chain and every chain with its anchors, in bounded memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from service.adapters.event_log.anchors import anchored_writers
from service.adapters.event_log.chain_check import AnchorCheck, ChainBroken, ChainCheck
from service.adapters.event_log.erasure import told_erasure
from service.adapters.event_log.format import ERASED, NO_KEY
from service.adapters.event_log.segment_files import (
    SegmentFile,
    segments_in,
    slot_order,
    writers_in,
)
from service.adapters.event_log.segment_reading import (
    Broken,
    ReadRecord,
    intact_record_follows,
    read_all,
)
from service.adapters.event_log.verdict import ChainStatus, LogVerdict, WriterVerdict
from service.adapters.event_log.writer_slots import is_held

Report = Callable[[str, int, int | None], None]
STEP = "verify log, MiB"
_MIB = 2**20
_LOOKS = 3
_SECONDS_BETWEEN_LOOKS = 0.02


def verify(root: Path, anchors: Path, progress: Report) -> LogVerdict:
    """What is wrong with the log below `root`, also while it is written. Raises `OSError`."""
    return _Verification(root, anchors, progress).run()


class _Verification:
    def __init__(self, root: Path, anchors: Path, progress: Report) -> None:
        self._root, self._anchors, self._progress = root, anchors, progress
        self._erased: dict[bytes, tuple[WriterVerdict, int]] = {}
        self._told: set[bytes] = set()
        self._ends: dict[str, int] = {}
        self._done_bytes = self._total_bytes = 0
        self._is_written = False

    def run(self) -> LogVerdict:
        """Every writer that has records or anchors."""
        names = {*writers_in(self._root), *anchored_writers(self._anchors)}
        writers = sorted(names, key=slot_order)
        self._is_written = any(is_held(self._root / writer) for writer in writers_in(self._root))
        self._total_bytes = sum(
            segment.path.stat().st_size
            for writer in writers
            for segment in segments_in(self._root / writer)
        )
        verdict = LogVerdict(tuple(map(self._writer, writers)))
        if not verdict.damaged:  # else the record of an erasure may be what is missing
            self._compare_erasures()
        self._progress(STEP, self._total_bytes // _MIB, self._total_bytes // _MIB)
        return verdict

    def _writer(self, writer: str) -> WriterVerdict:
        verdict = WriterVerdict(writer)
        # The anchors that are there before the records are read: later ones tell of later records.
        anchors = AnchorCheck(self._anchors, writer)
        check = ChainCheck(verdict, anchors)
        try:
            segments = segments_in(self._root / writer)
            anchors.open(has_records=bool(segments))
            for segment in segments:
                verdict.segments += 1
                self._segment(segment, check, is_last=segment is segments[-1])
                if verdict.bad_seq is not None:
                    break
            else:
                anchors.end(check.seq)
        except ChainBroken as broken:
            verdict.fail(broken.seq, broken.problem)
        self._ends[writer] = check.seq
        return verdict

    def _segment(self, segment: SegmentFile, check: ChainCheck, *, is_last: bool) -> None:
        check.begin_segment(segment.first_seq)
        try:
            for record in _read_patiently(segment, _LOOKS if self._is_written else 1):
                check.follow(record.header)
                self._note_erasure(record, check)
                self._report(record)
        except Broken as broken:
            is_torn = is_last and check.seq >= check.anchors.last_seq
            if is_torn and not intact_record_follows(segment.path, segment.writer, broken.offset):
                check.verdict.fail(check.seq + 1, "it was never finished", ChainStatus.TORN)
            else:
                check.verdict.fail(check.seq + 1, broken.problem)

    def _note_erasure(self, record: ReadRecord, check: ChainCheck) -> None:
        if record.header.flags == ERASED:
            check.verdict.erased += 1
            self._erased.setdefault(record.header.key, (check.verdict, record.header.seq))
        else:
            self._told.add(told_erasure(record))

    def _compare_erasures(self) -> None:
        if self._erased.keys() - self._told:
            self._hear_what_came_since()
        for key in self._erased.keys() - (self._told - {NO_KEY}):
            verdict, seq = self._erased[key]
            if verdict.bad_seq is None or seq < verdict.bad_seq:
                verdict.fail(seq, "its payload is gone, and no record tells of an erasure")

    def _hear_what_came_since(self) -> None:
        """An erasure while we read: its record stands behind where we stopped."""
        for writer, seq in self._ends.items():
            segments = segments_in(self._root / writer)
            later = [segment for segment in segments if segment.first_seq > seq]
            for segment in (*segments[: len(segments) - len(later)][-1:], *later):
                with suppress(Broken):
                    for record in read_all(segment.path, writer):
                        self._told.add(told_erasure(record))

    def _report(self, record: ReadRecord) -> None:
        before, self._done_bytes = self._done_bytes, self._done_bytes + record.header.record_bytes
        if before // _MIB != self._done_bytes // _MIB:
            self._progress(STEP, self._done_bytes // _MIB, self._total_bytes // _MIB)


def _read_patiently(segment: SegmentFile, most_looks: int) -> Iterator[ReadRecord]:
    """A record that is being written or erased right now is looked at again."""
    offset, looks = 0, 0
    while True:
        try:
            for record in read_all(segment.path, segment.writer, offset):
                yield record
                offset, looks = record.offset + record.header.record_bytes, 0
        except Broken:
            looks += 1
            if looks == most_looks:
                raise
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        else:
            return
