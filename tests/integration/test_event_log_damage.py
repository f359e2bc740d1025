"""Whatever is done to a log afterwards is found, and the first bad record is named."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from service.adapters.event_log.format import KINDS, SALT_BYTES, Content, pack
from service.adapters.event_log.segment_reading import read_all
from service.adapters.event_log.verdict import ChainStatus
from service.ports import RecordKind
from tests.written_log import WrittenLog

payload = st.binary(max_size=900)
logs = st.lists(st.lists(payload, min_size=1, max_size=8), min_size=1, max_size=3)
Bad = tuple[str, int]
Draw = Callable[[st.SearchStrategy], object]
Files = dict[Path, bytes]
CASES = 500
LOGS = 600
"""So many that each kind of damage has more than CASES places where it can be done."""
IN_MEMORY = Path("/dev/shm")


@cache
def whole_logs() -> tuple[Files, ...]:
    """Logs of one to three writers, each of one to eight records in one to five segments, made once
    and found intact; the same in every run.
    """
    chance = random.Random(20300101)
    return tuple(whole_log(chance) for _ in range(LOGS))


def whole_log(chance: random.Random) -> Files:
    payloads = [
        [chance.randbytes(chance.choice((0, *chance.choices(range(901), k=5)))) for _ in range(own)]
        for own in chance.choices(range(1, 9), k=chance.randint(1, 3))
    ]
    with a_folder() as folder:
        log = WrittenLog(folder)
        log.write_by_several(payloads)
        assert log.bad() == []
        return {
            path.relative_to(folder): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }


@contextmanager
def a_folder() -> Iterator[Path]:
    """In memory where there is such a place: thousands of logs are damaged here."""
    place = IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place) as folder:
        yield Path(folder)


@contextmanager
def copied(files: Files) -> Iterator[WrittenLog]:
    """A log to be damaged."""
    with a_folder() as folder:
        for parent in {path.parent for path in files}:
            (folder / parent).mkdir(parents=True)
        for path, content in files.items():
            (folder / path).write_bytes(content)
        yield WrittenLog(folder)


def flip_a_byte(log: WrittenLog, draw) -> Bad:
    place = draw(st.sampled_from(log.places(a_writer(log, draw))))
    at = draw(st.integers(place.start, place.end - 1))
    flip(place.segment.path, at, draw(st.integers(1, 255)))
    return place.segment.writer, place.seq


def delete_a_record(log: WrittenLog, draw) -> Bad:
    place = draw(st.sampled_from(log.places(a_writer(log, draw))))
    content = place.segment.path.read_bytes()
    place.segment.path.write_bytes(content[: place.start] + content[place.end :])
    return place.segment.writer, place.seq


def exchange_two_records(log: WrittenLog, draw) -> Bad:
    first, second = two_of(log.places(a_writer(log, draw)), draw)
    one, other = (p.segment.path.read_bytes()[p.start : p.end] for p in (first, second))
    for place, content in ((second, one), (first, other)):
        whole = place.segment.path.read_bytes()
        place.segment.path.write_bytes(whole[: place.start] + content + whole[place.end :])
    return first.segment.writer, first.seq


def repeat_a_record(log: WrittenLog, draw) -> Bad:
    place = draw(st.sampled_from(log.places(a_writer(log, draw))))
    content = place.segment.path.read_bytes()
    place.segment.path.write_bytes(content[: place.end] + content[place.start :])
    return place.segment.writer, place.seq + 1


def shorten_a_segment(log: WrittenLog, draw) -> Bad:
    place = draw(st.sampled_from(log.places(a_writer(log, draw))))
    at = draw(st.integers(place.start, place.end - 1))
    place.segment.path.write_bytes(place.segment.path.read_bytes()[:at])
    return place.segment.writer, place.seq


def cut_a_writer_short(log: WrittenLog, draw) -> Bad:
    place = draw(st.sampled_from(log.places(a_writer(log, draw))))
    place.segment.path.write_bytes(place.segment.path.read_bytes()[: place.start])
    for later in log.segments(place.segment.writer):
        if later.first_seq > place.seq:
            later.path.unlink()
    return place.segment.writer, place.seq


def delete_a_segment(log: WrittenLog, draw) -> Bad:
    segment = draw(st.sampled_from(log.segments(a_writer(log, draw))))
    segment.path.unlink()
    return segment.writer, segment.first_seq


def exchange_two_segments(log: WrittenLog, draw) -> Bad:
    first, second = two_of(log.segments(a_writer(log, draw)), draw)
    one, other = first.path.read_bytes(), second.path.read_bytes()
    first.path.write_bytes(other)
    second.path.write_bytes(one)
    return first.writer, first.first_seq


def delete_a_writer(log: WrittenLog, draw) -> Bad:
    writer = a_writer(log, draw)
    shutil.rmtree(log.records / writer)
    return writer, 1


def pass_a_writer_off_as_another(log: WrittenLog, draw) -> Bad:
    writer = a_writer(log, draw)
    (log.records / writer).rename(log.records / "w9")
    (log.anchors / f"{writer}.anchor").rename(log.anchors / "w9.anchor")
    return "w9", 1


DAMAGES = (
    flip_a_byte, delete_a_record, exchange_two_records, repeat_a_record, shorten_a_segment,
    cut_a_writer_short, delete_a_segment, exchange_two_segments, delete_a_writer,
    pass_a_writer_off_as_another,
)  # fmt: skip


def a_writer(log: WrittenLog, draw) -> str:
    return draw(st.sampled_from(sorted(path.name for path in log.records.iterdir())))


def two_of(ordered: list, draw) -> list:
    """Two different ones, in their order."""
    assume(len(ordered) > 1)
    later = draw(st.integers(1, len(ordered) - 1))
    return [ordered[draw(st.integers(0, later - 1))], ordered[later]]


def flip(path: Path, at: int, mask: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= mask
    path.write_bytes(content)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
@given(st.data())
@settings(max_examples=CASES, deadline=None)
def test_any_damage_is_found_and_its_first_record_named(damage, data) -> None:
    with copied(whole_logs()[data.draw(st.integers(0, LOGS - 1))]) as log:
        expected = damage(log, data.draw)
        assert log.bad() == [expected]


def test_every_single_byte_of_a_record_is_guarded(tmp_path: Path) -> None:
    log = WrittenLog(tmp_path)
    log.write([b"first", b"second", b"third"])
    place = log.places("w0")[1]
    for at in range(place.start, place.end):
        for mask in (1, 128):
            flip(place.segment.path, at, mask)
            assert log.bad() == [("w0", 2)], at - place.start
            flip(place.segment.path, at, mask)
    assert log.bad() == []


@given(st.data())
@settings(max_examples=CASES, deadline=None)
def test_an_altered_anchor_is_found(data) -> None:
    with copied(whole_logs()[data.draw(st.integers(0, LOGS - 1))]) as log:
        path = data.draw(st.sampled_from(sorted(log.anchors.iterdir())))
        at = data.draw(st.integers(0, path.stat().st_size - 1))
        flip(path, at, data.draw(st.integers(1, 255)))
        assert [writer for writer, _ in log.bad()] == [path.stem]


@given(logs, st.integers(1, 3))
@settings(max_examples=40, deadline=None)
def test_an_undamaged_log_is_clean_however_often_its_writers_were_replaced(payloads, lives) -> None:
    with tempfile.TemporaryDirectory() as folder:
        log = WrittenLog(Path(folder))
        for _ in range(lives):
            log.write_by_several(payloads)
        verdict = log.verdict()
        assert {one.status for one in verdict.writers} == {ChainStatus.INTACT}
        assert sum(one.records for one in verdict.writers) == lives * sum(map(len, payloads))
        assert all(one.anchored_seq == one.records for one in verdict.writers)


def forge(log: WrittenLog, seqs: range) -> None:
    """Other payloads in a writer's last segment, with digests and hashes that fit each record."""
    path, previous = log.segments("w0")[-1].path, b""
    forged = b""
    for record in read_all(path, "w0"):
        header = record.header
        if header.seq not in seqs:
            forged += path.read_bytes()[record.offset : record.offset + header.record_bytes]
            continue
        kind = KINDS[header.kind - 1]
        content = Content(kind, b"forged", header.key, header.micros, bytes(SALT_BYTES))
        head, previous = pack(b"w0", header.seq, previous or header.previous, content)
        forged += head + b"forged"
    path.write_bytes(forged)


@pytest.mark.parametrize(
    ("seqs", "bad"),
    [
        (range(3, 4), 4),  # whole by itself, but the next one follows another
        (range(3, 100), 6),  # whole to the end, but record 6 was anchored
        (range(7, 100), 9),
        (range(6, 7), 6),
    ],
)
def test_a_record_forged_with_a_hash_that_fits_is_found(tmp_path: Path, seqs, bad: int) -> None:
    log = WrittenLog(tmp_path, segment_bytes=10**6)
    log.write([b"a"] * 6)
    log.write([b"b"] * 3)
    forge(log, seqs)
    assert log.bad() == [("w0", bad)]


def test_an_anchor_file_taken_away_is_damage(tmp_path: Path) -> None:
    log = WrittenLog(tmp_path)
    log.write([b"a"])
    (log.anchors / "w0.anchor").unlink()
    assert log.bad() == [("w0", 1)]


def test_a_payload_that_went_without_a_record_of_its_erasure_is_damage(tmp_path: Path) -> None:
    from service.adapters.event_log.erasure import erase_payloads

    log = WrittenLog(tmp_path)
    log.write([b"a", b"b", b"c"])
    with log.opened() as opened:
        assert erase_payloads(opened.book, log.keys["w0", 2]) == 1
    assert log.bad() == [("w0", 2)]


def test_an_erased_payload_is_gone_and_its_chain_is_whole(tmp_path: Path) -> None:
    log = WrittenLog(tmp_path)
    log.write([b"first", b"personal " * 9, b"third"])
    with log.opened() as opened:
        assert opened.erase(log.keys["w0", 2]) == 1
        assert opened.erase(log.keys["w0", 2]) == 1  # again is fine
        erased = opened.find(log.keys["w0", 2])
        assert erased is not None
        assert erased.payload is None
        assert (erased.kind, erased.seq) == (RecordKind.OUTCOME, 2)
    assert not any(b"personal" in s.path.read_bytes() for s in log.segments("w0"))
    (verdict,) = log.verdict().writers
    assert (verdict.status, verdict.erased, verdict.records) == (ChainStatus.INTACT, 1, 5)


def test_what_was_put_into_an_erased_payload_is_damage(tmp_path: Path) -> None:
    log = WrittenLog(tmp_path)
    log.write([b"first", b"second", b"third"])
    with log.opened() as opened:
        opened.erase(log.keys["w0", 2])
    place = log.places("w0")[1]
    flip(place.segment.path, place.end - 1, 1)
    assert log.bad() == [("w0", 2)]


@pytest.mark.parametrize("how", ["cut", "zeroed"])
def test_a_record_torn_after_the_last_anchor_is_no_damage(tmp_path: Path, how: str) -> None:
    log = WrittenLog(tmp_path, segment_bytes=10_000)
    log.write([b"a" * 300, b"b" * 300])
    anchored = (log.anchors / "w0.anchor").read_bytes()
    log.write([b"c" * 300, b"d" * 300])
    (log.anchors / "w0.anchor").write_bytes(anchored)  # as if power went before the commit
    last = log.places("w0")[-1]
    content = last.segment.path.read_bytes()
    rest = b"" if how == "cut" else bytes(last.end - last.start - 50)
    last.segment.path.write_bytes(content[: last.start + 50] + rest)
    (verdict,) = log.verdict().writers
    assert (verdict.status, verdict.bad_seq, verdict.records) == (ChainStatus.TORN, 4, 3)
    log.write([b"after"])
    (verdict,) = log.verdict().writers
    assert (verdict.status, verdict.records) == (ChainStatus.INTACT, 4)


def test_a_damaged_chain_is_not_continued_so_that_it_stays_named(tmp_path: Path) -> None:
    log = WrittenLog(tmp_path)
    log.write([b"a", b"b"])
    flip(log.segments("w0")[0].path, log.places("w0")[0].start + 40, 1)
    with log.opened() as opened:
        assert opened.slot.writer == "w1"
        assert opened.slot.damaged == ("w0",)
        log.append(opened, [b"c"])
    assert log.bad() == [("w0", 1)]


def test_a_writer_whose_records_were_all_taken_away_is_not_begun_anew(tmp_path: Path) -> None:
    log = WrittenLog(tmp_path)
    log.write([b"a", b"b"])
    shutil.rmtree(log.records)
    assert log.write([b"c"]) == "w1"
    assert log.bad() == [("w0", 1)]


def test_damage_before_whole_records_that_no_anchor_names_is_not_taken_for_torn(
    tmp_path: Path,
) -> None:
    log = WrittenLog(tmp_path, segment_bytes=10_000)
    log.write([b"a"])
    anchored = (log.anchors / "w0.anchor").read_bytes()
    log.write([b"b", b"c", b"d"])
    (log.anchors / "w0.anchor").write_bytes(anchored)
    place = log.places("w0")[2]
    flip(place.segment.path, place.end - 1, 1)
    assert log.bad() == [("w0", 3)]
    assert log.write([b"next life"]) == "w1"  # nothing is cut that somebody may have been told
    assert log.bad() == [("w0", 3)]
