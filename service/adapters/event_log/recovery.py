"""Where a writer's chain ends: what a killed process left is continued, what a power cut tore is
cut, and a chain that somebody damaged is left as it is.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from service.adapters.event_log.anchors import Anchor, AnchorDamaged, anchor_path, last_anchor
from service.adapters.event_log.format import START
from service.adapters.event_log.index import IndexEntry, rebuild_index
from service.adapters.event_log.segment_files import SegmentFile, segments_in, sync_folder
from service.adapters.event_log.segment_reading import Broken, intact_record_follows, read_all


class ChainDamaged(Exception):
    """A chain that may not be continued: `nbo audit verify` says where and why."""


@dataclass(frozen=True)
class ChainEnd:
    """The last record of a writer and the segment to continue; `cut_bytes` were torn."""

    seq: int = 0
    h: bytes = START
    anchored_seq: int = 0
    segment: SegmentFile | None = None
    size: int = 0
    entries: tuple[IndexEntry, ...] = ()
    cut_bytes: int = 0


def recover(folder: Path, anchors: Path) -> ChainEnd:
    """The end of this writer's chain, cut clean and on disk. Raises `ChainDamaged`, `OSError`."""
    try:
        anchor = last_anchor(anchor_path(anchors, folder.name)) or Anchor(0, START)
    except AnchorDamaged:
        raise ChainDamaged(folder.name) from None
    end = _end_of(folder, anchor)
    if end.seq < anchor.seq:  # a whole segment is gone
        raise ChainDamaged(folder.name)
    _sync(folder, anchor)
    for segment in segments_in(folder)[:-1]:
        if not segment.index_path.exists():
            rebuild_index(segment)
    return end


def _end_of(folder: Path, anchor: Anchor) -> ChainEnd:
    """Looks at the newest segment, and at the one before while that holds no whole record."""
    cut = 0
    for segment in reversed(segments_in(folder)):
        end = _last_of(segment, anchor)
        cut += end.cut_bytes
        if end.seq:
            return ChainEnd(**{**vars(end), "cut_bytes": cut})
        segment.path.unlink()
        segment.keys_path.unlink(missing_ok=True)
    return ChainEnd(anchored_seq=anchor.seq, cut_bytes=cut)


def _last_of(segment: SegmentFile, anchor: Anchor) -> ChainEnd:
    seq, h, size, entries = segment.first_seq - 1, b"", 0, []
    try:
        for offset, header, _ in read_all(segment.path, segment.writer):
            is_next = header.seq == seq + 1 and (not h or header.previous == h)
            if not is_next or (header.seq == anchor.seq and header.h != anchor.h):
                raise ChainDamaged(segment.writer)
            seq, h, size = header.seq, header.h, offset + header.record_bytes
            entries.append(IndexEntry(header.key, offset))
    except Broken as broken:
        if intact_record_follows(segment.path, segment.writer, broken.offset):
            raise ChainDamaged(segment.writer) from None
        size = broken.offset
    if seq < anchor.seq:  # nothing that was anchored can be torn
        raise ChainDamaged(segment.writer)
    cut = _cut(segment.path, size)
    if not entries:
        return ChainEnd(cut_bytes=cut)
    return ChainEnd(seq, h, anchor.seq, segment, size, tuple(entries), cut)


def _cut(path: Path, size: int) -> int:
    """Shorten the file; how many bytes went."""
    too_many = path.stat().st_size - size
    if too_many:
        os.truncate(path, size)
    return too_many


def _sync(folder: Path, anchor: Anchor) -> None:
    """What the process before left in memory only, to disk."""
    segments = segments_in(folder)
    for place, segment in enumerate(segments, 1):
        if place == len(segments) or segments[place].first_seq > anchor.seq + 1:
            descriptor = os.open(segment.path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
    sync_folder(folder)
