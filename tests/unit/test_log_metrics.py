"""What the event log cannot do is one line, and that it can again is one."""

from __future__ import annotations

import asyncio
import errno
import io
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from service.adapters.event_log import FileEventLog
from service.adapters.event_log.segment import OpenSegment
from service.errors import LogUnavailable
from service.ports import RecordKind
from service.telemetry.log_metrics import LogMetrics
from service.telemetry.logging import open_log
from service.telemetry.metrics import Metrics
from tests.faults.served_bank import until

WORDS = "writer w0 cannot write the event log (No space left on device)"


class Volume:
    """Takes nothing while it is full."""

    is_full = False

    def fsync(self, descriptor: int) -> None:
        self.require_room()
        os.fsync(descriptor)

    def require_room(self) -> None:
        if self.is_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def volume() -> Volume:
    return Volume()


def opened(folder: Path, stream: io.BytesIO, **options: Any) -> FileEventLog:
    watch = LogMetrics(Metrics(), open_log(stream, level="warning"))
    log = FileEventLog(folder / "log", folder / "anchors", watch=watch, **options)
    log.open_now()
    return log


def events(stream: io.BytesIO) -> list[str]:
    """The lines so far, each of which names the writer and what the system said."""
    lines = [msgspec.json.decode(line) for line in stream.getvalue().splitlines()]
    assert all(WORDS in line.get("detail", line.get("failed_before")) for line in lines)
    return [line["event"] for line in lines]


def test_writes_that_fail_and_go_on_are_a_line_each_time_and_no_more(
    tmp_path: Path, volume: Volume, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = OpenSegment.append

    def write(segment: OpenSegment, *record: bytes) -> None:
        volume.require_room()
        append(segment, *record)

    monkeypatch.setattr(OpenSegment, "append", write)
    stream = io.BytesIO()
    log = opened(tmp_path, stream)
    for _ in range(2):
        volume.is_full = True
        for _ in range(3):
            with pytest.raises(LogUnavailable):
                log.append(RecordKind.DECISION, b"x")
        volume.is_full = False
        for _ in range(3):
            log.append(RecordKind.DECISION, b"x")
    log.close_now()
    assert events(stream) == ["event_log_failed", "event_log_recovered"] * 2


def test_a_disk_that_takes_what_was_written_again_is_told_without_a_next_record(
    tmp_path: Path, volume: Volume
) -> None:
    stream = io.BytesIO()
    log = opened(tmp_path, stream, fsync=volume.fsync)
    log.append(RecordKind.DECISION, b"x")
    log.settle_now()
    volume.is_full = True
    log.append(RecordKind.DECISION, b"x")
    for _ in range(2):
        with pytest.raises(LogUnavailable):
            log.settle_now()
    with suppress(LogUnavailable):
        log.append(RecordKind.DECISION, b"x")
    assert events(stream) == ["event_log_failed"]
    volume.is_full = False
    until(lambda: events(stream) == ["event_log_failed", "event_log_recovered"])
    asyncio.run(log.close())
