"""What a worker decides with is on record before it does, once, and never something else."""

from __future__ import annotations

import asyncio
import errno
import os
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from feature_repo.contract import contract_digest
from service.domain.catalogue import Catalogue
from service.errors import LogUnavailable
from service.ports import EventLog, LogRecord, OpenedRelease, RecordKind, kind_key
from service.use_cases.record_versions import RETRY_SECONDS, RecordVersions
from service.use_cases.version_records import CatalogueRecord, ModelRecord, version_told
from tests.fake_memory import MemoryLog
from tests.fakes import NOW, FixedClock
from tests.faults.served_bank import until
from tests.toy_release import toy_release
from tests.worlds import toy_catalogue
from tests.written_log import WrittenLog

NO_MODEL = OpenedRelease(None, "no bundle is promoted")


def catalogue(version: str = "c1", policy: str = "p1") -> Catalogue:
    plain = toy_catalogue()
    return replace(plain, version=version, policy=replace(plain.policy, version=policy))


def model(bundle: str = "m1", ranker: str = "compiled") -> OpenedRelease:
    return OpenedRelease(replace(toy_release(), bundle_id=bundle), bundle, ranker=ranker)


def worker(log: EventLog) -> RecordVersions:
    return RecordVersions(log, FixedClock(), bank="toy")


def started(log: EventLog, opened: OpenedRelease, *, with_catalogue: str = "c1") -> RecordVersions:
    one = worker(log)
    asyncio.run(one.start(catalogue(with_catalogue), opened))
    return one


def told(records: list[LogRecord], kind: RecordKind) -> list[tuple[str | None, str]]:
    """Version and why of every record of a kind."""
    found = []
    for record in records:
        match version_told(record):
            case CatalogueRecord() as version if kind is RecordKind.CATALOGUE:
                found.append((version.catalogue, str(version.why)))
            case ModelRecord() as version if kind is RecordKind.MODEL:
                found.append((version.model, str(version.why)))
    return found


def test_a_start_says_all_of_both_versions_and_is_on_disk() -> None:
    log = MemoryLog()
    started(log, model())
    first, second = (version_told(record) for record in log.records)
    assert isinstance(first, CatalogueRecord)
    assert (first.bank, first.catalogue, first.policy) == ("toy", "c1", "p1")
    assert isinstance(second, ModelRecord)
    assert (second.bank, second.model, second.ranker) == ("toy", "m1", "compiled")
    assert second.contract == contract_digest()
    assert (first.at, first.why) == (second.at, second.why) == (NOW, "started")
    assert log.settled == len(log.records) == 2
    assert [record.key for record in log.records] == [
        b"catalogue" + bytes(7),
        b"model" + bytes(11),
    ]


def test_a_start_with_what_the_log_names_last_writes_nothing() -> None:
    log = MemoryLog()
    for _ in range(3):
        started(log, model())
    assert len(log.records) == 2


@pytest.mark.parametrize(
    ("opened", "version", "kind"),
    [
        (model("m2"), "c1", RecordKind.MODEL),
        (model(ranker="lightgbm"), "c1", RecordKind.MODEL),
        (NO_MODEL, "c1", RecordKind.MODEL),
        (model(), "c2", RecordKind.CATALOGUE),
    ],
)
def test_a_start_with_anything_else_writes_that(
    opened: OpenedRelease, version: str, kind: RecordKind
) -> None:
    log = MemoryLog()
    started(log, model())
    started(log, opened, with_catalogue=version)
    assert [record.kind for record in log.records[2:]] == [kind]
    started(log, model())  # and back again
    assert [record.kind for record in log.records[3:]] == [kind]


def test_that_there_never_was_a_model_needs_no_record() -> None:
    log = MemoryLog()
    started(log, NO_MODEL)
    assert [record.kind for record in log.records] == [RecordKind.CATALOGUE]


@pytest.mark.parametrize("payload", [None, b"{}", b"\xff", b""])
def test_a_record_that_tells_nothing_names_nothing(payload: bytes | None) -> None:
    key = kind_key(RecordKind.CATALOGUE)
    log = MemoryLog([LogRecord("w0", 1, RecordKind.CATALOGUE, key, payload)])
    started(log, NO_MODEL)
    assert told(log.records, RecordKind.CATALOGUE) == [("c1", "started")]


def test_every_worker_records_what_it_takes_over_while_serving() -> None:
    log = MemoryLog()
    workers = [started(log, model()) for _ in range(2)]
    for one in workers:
        asyncio.run(one.change_catalogue(catalogue("c2")))
        asyncio.run(one.change_model(model("m2")))
    assert log.settled == len(log.records)
    changes = [("c2", "changed")] * 2
    assert told(log.records, RecordKind.CATALOGUE) == [("c1", "started"), *changes]
    changes = [("m2", "changed")] * 2
    assert told(log.records, RecordKind.MODEL) == [("m1", "started"), *changes]
    started(log, model("m2"), with_catalogue="c2")
    assert len(log.records) == 6


def test_a_changed_policy_alone_is_another_version() -> None:
    log = MemoryLog()
    started(log, NO_MODEL)
    asyncio.run(worker(log).start(catalogue("c1", "p2"), NO_MODEL))
    assert told(log.records, RecordKind.CATALOGUE) == [("c1", "started")] * 2


def test_what_cannot_be_recorded_at_start_is_recorded_when_it_can() -> None:
    log = MemoryLog(is_full=True)
    one = worker(log)

    async def serve() -> None:
        with pytest.raises(LogUnavailable):
            await one.start(catalogue(), model())
        running = asyncio.create_task(one.run())
        await asyncio.sleep(2 * RETRY_SECONDS)
        assert log.records == []
        log.is_full = False
        async with asyncio.timeout(10 * RETRY_SECONDS):
            while len(log.records) < 2:
                await asyncio.sleep(RETRY_SECONDS / 10)
        await asyncio.sleep(2 * RETRY_SECONDS)
        running.cancel()

    asyncio.run(serve())
    assert told(log.records, RecordKind.CATALOGUE) == [("c1", "started")]
    assert told(log.records, RecordKind.MODEL) == [("m1", "started")]
    assert log.settled == 2


def test_a_change_that_cannot_be_recorded_is_refused_by_name() -> None:
    log = MemoryLog()
    one = started(log, model())
    log.is_full = True
    with pytest.raises(LogUnavailable, match="catalogue c2, policy p1: not used before"):
        asyncio.run(one.change_catalogue(catalogue("c2")))
    with pytest.raises(LogUnavailable, match="m2: not used before"):
        asyncio.run(one.change_model(model("m2")))
    log.is_full = False
    asyncio.run(one.catch_up())
    assert len(log.records) == 2  # nothing came into the log that is not so
    asyncio.run(one.change_catalogue(catalogue("c2")))
    assert told(log.records, RecordKind.CATALOGUE)[1:] == [("c2", "changed")]


@dataclass
class UnsettledLog(MemoryLog):
    """Takes records, but cannot bring them to disk so many times."""

    failures: int = field(default=0)

    async def settle(self) -> None:
        if self.failures:
            self.failures -= 1
            raise LogUnavailable("no disk")
        await super().settle()


def test_a_change_that_was_recorded_but_not_used_is_followed_by_what_is() -> None:
    log = UnsettledLog()
    one = started(log, NO_MODEL)
    log.failures = 2
    with pytest.raises(LogUnavailable):
        asyncio.run(one.change_catalogue(catalogue("c2")))
    with pytest.raises(LogUnavailable):
        asyncio.run(one.catch_up())
    asyncio.run(one.catch_up())
    asyncio.run(one.change_catalogue(catalogue("c2")))
    assert told(log.records, RecordKind.CATALOGUE) == [
        ("c1", "started"), ("c2", "changed"), ("c1", "kept"), ("c2", "changed"),
    ]  # fmt: skip
    assert log.settled == len(log.records)


class FailingDisk:
    """fsync of a disk that fails while `fails`."""

    fails = False

    def __call__(self, descriptor: int) -> None:
        if self.fails:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        os.fsync(descriptor)


def test_in_files_a_disk_that_fails_refuses_the_change_and_the_chain_holds(tmp_path: Path) -> None:
    written, disk = WrittenLog(tmp_path), FailingDisk()
    with written.opened(fsync=disk) as log:
        one = started(log, model())
        disk.fails = True
        for _ in range(2):
            with pytest.raises(LogUnavailable, match="c2, policy p1: not used before it is on"):
                asyncio.run(one.change_catalogue(catalogue("c2")))
        disk.fails = False
        until(lambda: log._pen.chain._failure is None)
        asyncio.run(one.catch_up())
        asyncio.run(one.change_catalogue(catalogue("c2")))
    with written.opened() as log:  # the next life of this slot
        started(log, model(), with_catalogue="c2")
        found = log.book.find_all(kind_key(RecordKind.CATALOGUE))
    assert told(list(found), RecordKind.CATALOGUE) == [
        ("c1", "started"), ("c2", "changed"), ("c1", "kept"), ("c2", "changed"),
    ]  # fmt: skip
    (verdict,) = written.verdict().writers
    assert verdict.kinds == {RecordKind.CATALOGUE: 4, RecordKind.MODEL: 1}
    assert verdict.anchored_seq == verdict.records == 5


def test_a_damaged_newest_record_names_nothing(tmp_path: Path) -> None:
    written = WrittenLog(tmp_path)
    with written.opened() as log:
        started(log, NO_MODEL)
    place = written.places("w0")[0]
    content = bytearray(place.segment.path.read_bytes())
    content[place.end - 1] ^= 1
    place.segment.path.write_bytes(content)
    with written.opened() as log:
        assert log.slot.writer == "w1"
        started(log, NO_MODEL)
        assert log.slot.writer == "w1"
    assert [place.seq for place in written.places("w1")] == [1]
