"""What was written is found by its key, by any process, with or without an index to believe."""

from __future__ import annotations

import os
import random
from datetime import datetime, timedelta, timezone
from itertools import cycle, pairwise
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest

from service.adapters.event_log import EventBook, RecordDamaged
from service.adapters.event_log.index import (
    ENTRY,
    ENTRY_BYTES,
    IndexEntry,
    entry_bytes,
    packed_index,
)
from service.adapters.event_log.key_filter import build_filter, hashes_of, may_hold
from service.adapters.event_log.segment_reading import read_headers
from service.adapters.event_log.verification import verify
from service.errors import LogUnavailable
from service.ports import RecordKind
from tests.written_log import WrittenLog, forget_indexes, settle, some_key

SIZES = [0, 1, 50, 900, 1500, 2500]


@pytest.fixture
def log(tmp_path: Path) -> WrittenLog:
    """Two writers, each with several full segments and one that grows."""
    written = WrittenLog(tmp_path)
    payloads = [bytes([place]) * SIZES[place % 6] for place in range(30)]
    written.write_by_several([payloads, payloads[::-1]])
    return written


def assert_everything_is_found(log: WrittenLog) -> None:
    book = EventBook(log.records)
    for (writer, seq), key in log.keys.items():
        found = book.find(key)
        assert found is not None
        assert (found.writer, found.seq, found.key) == (writer, seq, key)
    assert book.find(some_key()) is None
    assert book.find(bytes(16)) is None


def test_every_record_is_found_by_its_key(log: WrittenLog) -> None:
    assert len(log.segments("w0")) > 5
    assert_everything_is_found(log)


def test_missing_indexes_are_made_anew(log: WrittenLog) -> None:
    forget_indexes(log)
    assert_everything_is_found(log)
    assert len(list(log.records.glob("*/*.index"))) == len(log.segments("w0")) * 2 - 2


@pytest.mark.parametrize("seed", range(8))
def test_a_damaged_index_costs_time_and_no_record(log: WrittenLog, seed: int) -> None:
    rng = random.Random(seed)
    for path in sorted((*log.records.glob("*/*.index"), *log.records.glob("*/*.keys"))):
        content = bytearray(path.read_bytes())
        at = rng.randrange(len(content))
        match rng.randrange(3):
            case 0:
                content[at] ^= 1 << rng.randrange(8)
            case 1:
                del content[at:]
            case _:
                content[at:] = bytes(len(content) - at)
        path.write_bytes(content)
    book = EventBook(log.records)
    for (writer, seq), key in log.keys.items():
        found = book.find(key)
        if found is not None:  # the keys of a segment that grows may be left out, never mixed up
            assert (found.writer, found.seq, found.key) == (writer, seq, key)
        else:
            assert seq >= log.segments(writer)[-1].first_seq


def test_an_index_of_another_segment_never_yields_a_wrong_record(log: WrittenLog) -> None:
    indexes = sorted(log.records.glob("w0/*.index"))
    contents = [path.read_bytes() for path in indexes]
    for path, content in zip(indexes, contents[1:] + contents[:1], strict=True):
        path.write_bytes(content)
    assert_everything_is_found(log)


def test_a_record_is_found_before_any_commit_and_by_another_process_s_book(tmp_path: Path) -> None:
    written = WrittenLog(tmp_path)
    book = EventBook(written.records)
    with written.opened() as log:
        for place in range(40):
            written.append(log, [b"x" * (place * 20)])
            for (_, seq), key in written.keys.items():
                found = book.find(key)
                assert found is not None
                assert found.seq == seq


def test_the_newest_record_of_a_key_is_the_one_found_and_kinds_are_kept_apart(
    tmp_path: Path,
) -> None:
    written, key = WrittenLog(tmp_path), some_key()
    with written.opened() as first, written.opened() as second:
        for log, kind, payload in [
            (second, RecordKind.DECISION, b"decision"),
            (first, RecordKind.OUTCOME, b"outcome"),
            (second, RecordKind.OUTCOME, b"later outcome"),
        ]:
            log.append(kind, payload, key=key)
        book = EventBook(written.records)
        assert [one.payload for one in book.find_all(key)] == [
            b"decision", b"outcome", b"later outcome",
        ]  # fmt: skip
        newest, decision = book.find(key), book.find(key, kind=RecordKind.DECISION)
        assert newest is not None
        assert newest.payload == b"later outcome"
        assert decision is not None
        assert decision.payload == b"decision"
        assert (first.slot.writer, second.slot.writer) == ("w0", "w1")


def test_an_altered_record_is_never_handed_out_as_if_it_were_whole(log: WrittenLog) -> None:
    place = log.places("w0")[3]
    content = bytearray(place.segment.path.read_bytes())
    content[place.end - 1] ^= 1
    place.segment.path.write_bytes(content)
    with pytest.raises(RecordDamaged, match="record 4 of writer w0"):
        EventBook(log.records).find(log.keys["w0", 4])
    with pytest.raises(RecordDamaged, match="record 4 of writer w0"):
        list(EventBook(log.records).records())


def test_records_come_writer_by_writer_and_can_be_chosen(log: WrittenLog) -> None:
    records = list(EventBook(log.records).records())
    assert [(one.writer, one.seq) for one in records] == sorted(log.keys)
    assert all(
        later.previous_h == one.h for one, later in pairwise(records) if one.writer == later.writer
    )
    outcomes = list(EventBook(log.records).records(kind=RecordKind.OUTCOME))
    assert {one.kind for one in outcomes} == {RecordKind.OUTCOME}
    assert len(outcomes) == 20
    now = datetime.now(tz=timezone.utc)
    assert list(EventBook(log.records).records(since=now + timedelta(minutes=1))) == []
    assert all(now - timedelta(minutes=5) < one.written_at <= now for one in records)


def test_a_half_written_record_at_the_end_is_not_read(tmp_path: Path) -> None:
    written = WrittenLog(tmp_path, segment_bytes=10**6)
    written.write([b"a" * 100, b"b" * 100])
    path = written.segments("w0")[0].path
    path.write_bytes(path.read_bytes() + b"NBOR half a record")
    assert [one.seq for one in EventBook(written.records).records()] == [1, 2]
    assert EventBook(written.records).find(written.keys["w0", 2]) is not None


def test_settling_waits_for_disk_and_anchor(tmp_path: Path) -> None:
    written = WrittenLog(tmp_path)
    with written.opened() as log:
        written.append(log, [b"x"] * 7)
        settle(log)
        (line,) = (written.anchors / "w0.anchor").read_text().splitlines()[-1:]
        assert int(line.split()[0]) == 7
        settle(log)


@pytest.mark.parametrize(("payload", "key"), [(b"x", b"short"), (bytes(2**24 + 1), b"")])
def test_what_the_format_cannot_hold_is_refused(tmp_path: Path, payload, key) -> None:
    with (
        WrittenLog(tmp_path).opened() as log,
        pytest.raises(LogUnavailable, match="a record takes a key of 16 bytes"),
    ):
        log.append(RecordKind.DECISION, payload, key=key)


def test_the_filter_holds_every_key_and_few_others() -> None:
    keys = np.frombuffer(os.urandom(16 * 20_000), ">u8").astype(np.uint64).reshape(-1, 2)
    bits = build_filter(keys[:, 0], keys[:, 1])
    held = [high.to_bytes(8) + low.to_bytes(8) for high, low in keys.tolist()]
    assert all(may_hold(bits, hashes_of(key)) for key in held)
    wrong = sum(may_hold(bits, hashes_of(os.urandom(16))) for _ in range(10_000))
    assert wrong < 200


def test_the_filter_tells_keys_apart_that_differ_in_their_last_bits_only() -> None:
    keys = np.zeros((5_000, 2), np.uint64)
    keys[:, 1] = np.arange(5_000)
    bits = build_filter(keys[:, 0], keys[:, 1])
    assert all(may_hold(bits, hashes_of(place.to_bytes(16))) for place in range(5_000))
    assert (
        sum(may_hold(bits, hashes_of(place.to_bytes(16))) for place in range(9**5, 9**5 + 5_000))
        < 200
    )


def test_a_log_is_verified_and_read_while_it_is_written(tmp_path: Path) -> None:
    """Appends, rotations, group commits and erasures go on; nothing of it looks like damage."""
    written, begun, stop = WrittenLog(tmp_path, segment_bytes=20_000), Event(), Event()
    with written.opened() as log:
        keys = [some_key() for _ in range(400)]
        payload = b"x" * 700

        def write() -> None:
            for place, key in enumerate(cycle(keys)):
                log.append(RecordKind.DECISION, payload, key=key)
                if place % 400 == 399:
                    log.erase(keys[place // 400 % 400])
                    begun.set()
                if stop.is_set() and begun.is_set():
                    return

        writer = Thread(target=write)
        writer.start()
        book = EventBook(written.records)
        try:
            assert begun.wait(60)
            for _ in range(12):
                assert written.bad() == []
                assert [one.seq for one in book.records()][:3] == [1, 2, 3]
                assert book.find(keys[-1]) is not None
        finally:
            stop.set()
            writer.join()
    assert written.bad() == []


def test_an_erasure_amid_a_verification_is_no_damage(tmp_path: Path) -> None:
    """Its record stands in a segment that was not there when the verification began."""
    written = WrittenLog(tmp_path, segment_bytes=2**20)
    with written.opened() as log:
        written.append(log, [b"x" * 300_000] * 9)
        last, done = written.keys["w0", 9], Event()

        def erase(step: str, so_far: int, total: int | None) -> None:
            if not done.is_set():
                done.set()
                log.append(RecordKind.DECISION, b"fills its segment" * 60_000)
                assert log.erase(last) == 1

        assert verify(written.records, written.anchors, erase).damaged == ()
        assert done.is_set()


def test_an_index_that_lies_with_a_right_checksum_never_yields_a_wrong_record(
    log: WrittenLog,
) -> None:
    for writer in ("w0", "w1"):
        *full, growing = log.segments(writer)
        for segment in full:
            places = [(one.key, at) for at, one in read_headers(segment.path)]
            offsets = [at for _, at in places[1:]] + [places[0][1]]
            lies = [IndexEntry(key, at) for (key, _), at in zip(places, offsets, strict=True)]
            size = segment.path.stat().st_size
            segment.index_path.write_bytes(packed_index(lies, size))
        keys = growing.keys_path.read_bytes()
        growing.keys_path.write_bytes(keys[ENTRY_BYTES:])
    assert_everything_is_found(log)


def test_keys_that_lie_about_a_growing_segment_never_yield_a_wrong_record(tmp_path: Path) -> None:
    log = WrittenLog(tmp_path, segment_bytes=10**6)
    log.write([b"x" * size for size in range(8)])
    path = log.segments("w0")[0].keys_path
    entries = [ENTRY.unpack_from(path.read_bytes(), at) for at in range(0, 8 * ENTRY_BYTES, 24)]
    swapped = [(key, entries[place ^ 1][1]) for place, (key, _) in enumerate(entries)]
    path.write_bytes(entry_bytes(IndexEntry(*one) for one in [*swapped[:6], *entries[6:]]))
    assert_everything_is_found(log)
    path.write_bytes(entry_bytes(IndexEntry(*one) for one in swapped))
    assert_everything_is_found(log)
