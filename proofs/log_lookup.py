"""A decision is found by its id among ten million records within a millisecond or two, and so is
its absence; and what one append of 8 KiB costs.

The segments are as long as real ones but hold, between holes, only the records that are looked for;
their indexes are whole. Half of the keys are in order of time, half are in none.

make prove NAME=log_lookup ARGS="--records 10000000"
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from service.adapters.event_log import EventBook, FileEventLog
from service.adapters.event_log.format import SALT_BYTES, START, Content, pack
from service.adapters.event_log.index import IndexEntry, packed_index
from service.adapters.event_log.segment_files import segment_file
from service.ports import RecordKind

WRITERS = 4
SEGMENT_RECORDS = 8000
PAYLOAD = bytes(8192)
RECORD_BYTES = 8192 + 160
REAL_RECORDS = 3
LOOKUPS = 1000
APPENDS = 5000
MOST_LOOKUP_MILLISECONDS = 2.0
MOST_APPEND_MICROSECONDS = 25.0


def main() -> int:
    """Exit code 0 when the median lookup and the median append are fast enough."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=10_000_000)
    records = parser.parse_args().records
    with tempfile.TemporaryDirectory() as folder:
        held = [
            key
            for number in range(-(-records // SEGMENT_RECORDS))
            for key in write_segment(Path(folder) / "log", number)
        ]
        book = EventBook(Path(folder) / "log")
        opened = seconds(book.warm)
        random.Random(2).shuffle(held)  # noqa: S311
        found = sorted(lookups(book, held[:LOOKUPS], is_held=True))
        absent = sorted(lookups(book, [os.urandom(16) for _ in range(LOOKUPS)], is_held=False))
        appended = sorted(appends(Path(folder) / "own"))
    print(f"{records} records; all indexes opened in {opened * 1e3:.0f} ms")
    for name, times in (("found", found), ("absent", absent)):
        print(f"{name}: p50 {median(times) * 1e3:.2f} ms, p99 {p99(times) * 1e3:.2f} ms")
    print(f"target: p50 <= {MOST_LOOKUP_MILLISECONDS} ms")
    append = median(appended) * 1e6
    print(f"append of 8 KiB: p50 {append:.1f} us (target <= {MOST_APPEND_MICROSECONDS})")
    is_slow = max(median(found), median(absent)) * 1e3 > MOST_LOOKUP_MILLISECONDS
    return 1 if is_slow or append > MOST_APPEND_MICROSECONDS else 0


def write_segment(root: Path, number: int) -> list[bytes]:
    """One full segment with its index; the keys of the records that are really there."""
    folder = root / f"w{number % WRITERS}"
    folder.mkdir(parents=True, exist_ok=True)
    first = number // WRITERS * SEGMENT_RECORDS + 1
    segment_file(folder, 10**19).path.touch()  # the one that grows
    segment, held = segment_file(folder, first), []
    entries = [IndexEntry(some_key(number, i), i * RECORD_BYTES) for i in range(SEGMENT_RECORDS)]
    with segment.path.open("wb") as file:
        for place in range(number % 100, SEGMENT_RECORDS, SEGMENT_RECORDS // REAL_RECORDS):
            key, offset = entries[place]
            content = Content(RecordKind.DECISION, PAYLOAD, key, 1, bytes(SALT_BYTES))
            head, _ = pack(folder.name.encode(), first + place, START, content)
            file.seek(offset)
            file.write(head + PAYLOAD)
            held.append(key)
        file.truncate(SEGMENT_RECORDS * RECORD_BYTES)
    segment.index_path.write_bytes(packed_index(entries, SEGMENT_RECORDS * RECORD_BYTES))
    return held


def some_key(number: int, place: int) -> bytes:
    """In turn one that sorts by time and one that does not."""
    if place % 2:
        return os.urandom(16)
    return (1_700_000_000_000 + number * 10_000 + place).to_bytes(6) + os.urandom(10)


def lookups(book: EventBook, keys: list[bytes], *, is_held: bool) -> Iterator[float]:
    """How long each took; stops the proof when an answer is wrong."""
    for key in keys:
        began = time.perf_counter()
        found = book.find(key)
        yield time.perf_counter() - began
        if (found is not None) != is_held:
            raise SystemExit(f"a key that is {'' if is_held else 'not '}there was not told so")


def appends(root: Path) -> Iterator[float]:
    """How long each append took, group commits going on."""
    log, payload = FileEventLog(root / "log", root / "anchors"), os.urandom(len(PAYLOAD))
    log.open_now()
    for _ in range(APPENDS):
        key = os.urandom(16)
        began = time.perf_counter()
        log.append(RecordKind.DECISION, payload, key=key)
        yield time.perf_counter() - began
    log.close_now()


def seconds(work: object) -> float:
    """How long a call takes."""
    began = time.perf_counter()
    assert callable(work)
    work()
    return time.perf_counter() - began


def median(ordered: list[float]) -> float:
    """Of times in order."""
    return ordered[len(ordered) // 2]


def p99(ordered: list[float]) -> float:
    """Of times in order."""
    return ordered[len(ordered) * 99 // 100]


if __name__ == "__main__":
    sys.exit(main())
