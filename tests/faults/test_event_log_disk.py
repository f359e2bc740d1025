"""The disk refuses: who appends or waits is told, no half record stays, and writing goes on by
itself when it can.
"""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from service.adapters.event_log.verdict import ChainStatus
from service.errors import LogUnavailable
from service.ports import RecordKind
from tests.faults.served_bank import inherited, until
from tests.written_log import WrittenLog, settle

ROOT = Path(__file__).parents[2]
FULL = """
import resource, signal, sys
from pathlib import Path
from service.errors import LogUnavailable
from service.ports import RecordKind
from tests.written_log import WrittenLog, settle
def room(bytes):
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes, resource.RLIM_INFINITY))
def refused(work):
    try:
        work()
    except LogUnavailable as error:
        assert "File too large" in str(error) or "No space left" in str(error), error
        return True
    return False
written = WrittenLog(Path(sys.argv[1]), segment_bytes=int(sys.argv[2]))
"""
RECORDS_DO_NOT_FIT = """
with written.opened() as log:
    room(3_000)
    append = lambda: log.append(RecordKind.DECISION, b"x" * 500)
    kept = 0
    while not refused(append):
        kept += 1
    assert all(refused(append) for _ in range(3))
    settle(log)
    room(resource.RLIM_INFINITY)
    append()
    settle(log)
print(kept + 1)
"""
ANCHORS_DO_NOT_FIT = """
with written.opened() as log:
    room(1_000)
    kept = 0
    append = lambda: log.append(RecordKind.OUTCOME, b"x")
    while True:
        append()
        kept += 1
        if refused(lambda: settle(log)):
            break
    assert refused(append)
    room(resource.RLIM_INFINITY)
    while refused(lambda: settle(log)):
        pass
    append()
    settle(log)
print(kept + 1)
"""


@pytest.mark.parametrize(
    ("work", "segment_bytes"),
    [(RECORDS_DO_NOT_FIT, 10**6), (ANCHORS_DO_NOT_FIT, 500)],
    ids=["records", "anchors"],
)
def test_a_full_disk_is_said_and_writing_goes_on_when_there_is_room(
    tmp_path: Path, work: str, segment_bytes: int
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL + work, str(tmp_path), str(segment_bytes)],
        cwd=ROOT, env=inherited(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (verdict,) = WrittenLog(tmp_path).verdict().writers
    assert verdict.status is ChainStatus.INTACT
    assert verdict.records == verdict.anchored_seq == int(done.stdout)


class FailingDisk:
    """fsync as a disk does it that fails so many times; the calls before succeed."""

    def __init__(self, *, after: int, times: int) -> None:
        self.after, self.times = after, times

    def __call__(self, descriptor: int) -> None:
        if self.after > 0:
            self.after -= 1
        elif self.times > 0:
            self.times -= 1
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        os.fsync(descriptor)


@pytest.mark.parametrize("segment_bytes", [400, 2_000, 10**6])
def test_what_was_written_when_an_fsync_failed_is_written_anew(
    tmp_path: Path, segment_bytes: int
) -> None:
    """The kernel forgets that pages were dirty: a second fsync would succeed without the data."""
    written, disk = WrittenLog(tmp_path, segment_bytes), FailingDisk(after=10**9, times=2)
    with written.opened(fsync=disk) as log:
        written.append(log, [b"before"] * 5)
        settle(log)
        disk.after = 0
        written.append(log, [b"answered " * 30] * 4)
        with pytest.raises(LogUnavailable, match="Input/output error"):
            settle(log)
        with pytest.raises(LogUnavailable, match="mend the volume"):
            log.append(RecordKind.DECISION, b"too early")
        until(lambda: log._pen.chain._failure is None)
        written.append(log, [b"after"] * 3)
        settle(log)
        segments = [segment.first_seq for segment in written.segments("w0")]
        assert 6 in segments  # what was not known to be on disk begins a segment of its own
        assert all(log.find(key) is not None for key in written.keys.values())
    (verdict,) = written.verdict().writers
    assert (verdict.status, verdict.records, verdict.anchored_seq) == (ChainStatus.INTACT, 12, 12)
    assert not list(written.records.glob("*/.*"))


def test_a_log_whose_folder_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("a file")
    with pytest.raises(LogUnavailable, match="NBO_HOME"):
        WrittenLog(tmp_path).log().open_now()


def test_a_log_that_was_closed_refuses(tmp_path: Path) -> None:
    log = WrittenLog(tmp_path).log()
    log.open_now()
    log.close_now()
    log.close_now()
    with pytest.raises(LogUnavailable, match="open it before writing"):
        log.append(RecordKind.DECISION, b"late")
