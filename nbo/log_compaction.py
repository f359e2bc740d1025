"""The log's full segments as Parquet by kind and day, which training reads: `nbo events compact`.

The Parquet keeps all that proves a record's place in its chain. A day is written anew when one of
its segments is new or has lost a payload, so that an erased payload goes from here too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from nbo.progress import Report
from service.adapters.event_log.format import KINDS, SALT_BYTES
from service.adapters.event_log.segment_files import SegmentFile, segments_in, writers_in
from service.adapters.event_log.segment_reading import Broken, ReadRecord, read_all
from service.errors import RecordDamaged

STEP = "compact segments"
STATE_FILE = "compacted.json"
_DIGEST = pa.binary(32)
SCHEMA = pa.schema(
    [
        ("writer", pa.string()),
        ("seq", pa.int64()),
        ("written_at", pa.timestamp("us", "UTC")),
        ("key", pa.binary(16)),
        ("content_digest", _DIGEST),
        ("payload_digest", _DIGEST),
        ("previous_h", _DIGEST),
        ("h", _DIGEST),
        ("salt", pa.binary(SALT_BYTES)),
        ("payload", pa.binary()),
        ("segment", pa.int64()),
    ]
)


class Compacted(msgspec.Struct, frozen=True):
    """A segment as it was when it was compacted, and the files that hold its records."""

    size: int
    changed: int
    files: list[str]


@dataclass(frozen=True)
class CompactionSummary:
    """What a compaction read and wrote."""

    segments: int
    unchanged_segments: int
    records: int
    files: tuple[str, ...]


def compact(log: Path, events: Path, progress: Report) -> CompactionSummary:
    """Bring the Parquet below `events` up to date with the full segments. Raises `RecordDamaged`
    before a file is replaced that a damaged record would have gone into.
    """
    state = _read_state(events)
    segments = {_name(s): s for writer in writers_in(log) for s in segments_in(log / writer)[:-1]}
    new = {name: s for name, s in segments.items() if not _is_known(s, state.get(name))}
    for place, (name, segment) in enumerate(new.items(), 1):
        state[name] = _looked_through(segment)
        progress(STEP, place, len(new))
    due = sorted({file for name in new for file in state[name].files})
    records = 0
    for place, file in enumerate(due, 1):
        sources = [s for name, s in segments.items() if file in state[name].files]
        records += _write(events / file, sources, file)
        progress("write days", place, len(due))
    if due:
        _replace(events / STATE_FILE, msgspec.json.encode(state))
    return CompactionSummary(len(new), len(segments) - len(new), records, tuple(due))


def _read_state(events: Path) -> dict[str, Compacted]:
    try:
        return msgspec.json.decode((events / STATE_FILE).read_bytes(), type=dict[str, Compacted])
    except (FileNotFoundError, msgspec.DecodeError):
        return {}  # all is compacted again, into the same files


def _name(segment: SegmentFile) -> str:
    return f"{segment.writer}/{segment.first_seq}"


def _is_known(segment: SegmentFile, compacted: Compacted | None) -> bool:
    now = segment.path.stat()
    return compacted is not None and (compacted.size, compacted.changed) == (
        now.st_size,
        now.st_mtime_ns,
    )


def _looked_through(segment: SegmentFile) -> Compacted:
    before = segment.path.stat()
    files = {_file_of(record) for record in _read(segment)}
    return Compacted(before.st_size, before.st_mtime_ns, sorted(files))


def _read(segment: SegmentFile) -> Iterator[ReadRecord]:
    seq = segment.first_seq - 1
    try:
        for record in read_all(segment.path, segment.writer):
            seq = record.header.seq
            yield record
    except Broken as broken:
        raise RecordDamaged(segment.writer, seq + 1, broken.problem) from None


def _file_of(record: ReadRecord) -> str:
    days = record.header.micros // 86_400_000_000
    day = pa.scalar(days, pa.int32()).cast(pa.date32()).as_py()
    return f"{KINDS[record.header.kind - 1]}/{day}.parquet"


def _write(path: Path, sources: Sequence[SegmentFile], file: str) -> int:
    """One row group for each segment; rows whose segment was taken away are carried over."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft, count = path.with_name(f".{path.name}"), 0
    with pq.ParquetWriter(draft, SCHEMA, compression="zstd") as writer:
        for table in (*_carried_over(path, sources), *_tables(sources, file)):
            if table.num_rows:
                writer.write_table(table)
                count += table.num_rows
    draft.replace(path)
    return count


def _tables(sources: Sequence[SegmentFile], file: str) -> Iterator[pa.Table]:
    for segment in sources:
        rows = [_row(segment, one) for one in _read(segment) if _file_of(one) == file]
        yield pa.Table.from_pylist(rows, schema=SCHEMA)


def _row(segment: SegmentFile, record: ReadRecord) -> dict[str, object]:
    header, is_erased = record.header, record.header.is_erased
    return {
        "writer": segment.writer,
        "seq": header.seq,
        "written_at": header.micros,
        "key": header.key,
        "content_digest": header.content,
        "payload_digest": header.payload_digest,
        "previous_h": header.previous,
        "h": header.h,
        "salt": None if is_erased else record.body[:SALT_BYTES],
        "payload": None if is_erased else record.body[SALT_BYTES:],
        "segment": segment.first_seq,
    }


def _carried_over(path: Path, sources: Sequence[SegmentFile]) -> Iterator[pa.Table]:
    if not path.exists():
        return
    there = defaultdict(list)
    for segment in sources:
        there[segment.writer].append(segment.first_seq)
    before = pq.ParquetFile(path)
    for group in range(before.num_row_groups):
        table = before.read_row_group(group)
        for writer, firsts in there.items():
            is_there = pc.and_(
                pc.equal(table["writer"], writer),
                pc.is_in(table["segment"], pa.array(firsts, pa.int64())),
            )
            table = table.filter(pc.invert(is_there))
        yield table


def _replace(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}")
    draft.write_bytes(content)
    draft.replace(path)
