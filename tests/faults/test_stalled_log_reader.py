"""Nobody reads the log any more: answers go on, lines that do not fit are lost and counted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread
from typing import BinaryIO

import httpx
import pytest

from nbo.loopback_ports import LOOPBACK
from service.telemetry.line_writer import LineWriter
from service.telemetry.metrics import Metrics
from tests.faults.conftest import ToyInstallation
from tests.faults.served_bank import served, until
from tests.toy_bank import CUSTOMERS

LINES, MOST_LINES, AT_ONCE_SECONDS = 50_000, 10_000, 2.0
DECISIONS = 600
ASK = {"customer_id": CUSTOMERS[0], "channel": "mobile_app"}
LAST_WORDS = """
import sys
from service.telemetry.line_writer import LineWriter
LineWriter(sys.stderr.buffer).write(b"last words\\n")
sys.exit(3)
"""


@pytest.fixture
def pipe() -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """The reading end and the writing end."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as reader, os.fdopen(writing, "wb") as writer:
        yield reader, writer


def line(number: int) -> bytes:
    return json.dumps({"event": "toy", "number": number, "filler": "x" * 100}).encode() + b"\n"


def write_all(lines: LineWriter) -> None:
    for number in range(LINES):
        lines.write(line(number))


def test_a_stalled_reader_costs_lines_and_no_time_and_gets_whole_lines_when_it_is_back(pipe):
    reader, writer = pipe
    metrics = Metrics()
    lines = LineWriter(writer, MOST_LINES, count_dropped=metrics.log_lines_dropped.inc)
    writing = Thread(target=write_all, args=(lines,), daemon=True)
    writing.start()
    writing.join(AT_ONCE_SECONDS)
    assert not writing.is_alive()
    dropped = metrics.registry.get_sample_value("nbo_log_lines_dropped_total")
    assert dropped is not None
    assert LINES - MOST_LINES - 2_000 < dropped <= LINES - MOST_LINES
    kept = LINES - int(dropped)
    numbers = [json.loads(reader.readline())["number"] for _ in range(kept)]
    assert numbers == sorted(set(numbers))
    lines.write(line(LINES))
    assert json.loads(reader.readline())["number"] == LINES
    lines.close()


def test_answers_go_on_while_nobody_reads_the_log(
    installation: ToyInstallation, tmp_path: Path, pipe: tuple[BinaryIO, BinaryIO]
) -> None:
    reader, writer = pipe
    environment = installation.environment(NBO_TRIAL_LOAD="false")
    with served(environment, tmp_path, stderr=writer.fileno()) as bank:
        with httpx.Client(base_url=f"http://{LOOPBACK}:{bank.port}", timeout=10.0) as client:
            for _ in range(DECISIONS):
                assert client.post("/v1/decisions", json=ASK).status_code == 200
        writer.close()
        seen: list[bytes] = []
        reading = Thread(target=lambda: seen.extend(reader), daemon=True)
        reading.start()
        assert bank.stop() == 0
        reading.join()
    logged = [json.loads(line) for line in seen if line.startswith(b"{")]
    assert sum(line["event"] == "decision" for line in logged) == DECISIONS


def test_closing_waits_a_second_at_most_for_a_reader_that_is_gone_astray(pipe):
    reader, writer = pipe
    lines = LineWriter(writer, MOST_LINES)
    for number in range(2_000):
        lines.write(line(number))
    began = time.monotonic()
    lines.close()
    assert 0.9 < time.monotonic() - began < AT_ONCE_SECONDS
    drain(reader)
    until(lambda: not lines._pending)


def test_closing_writes_the_rest_and_what_comes_later_is_written_too(pipe):
    reader, writer = pipe
    lines = LineWriter(writer)
    for number in range(2):
        with closing(lines):
            lines.write(line(number))
        assert json.loads(reader.readline())["number"] == number


def test_a_line_written_just_before_the_end_of_the_process_is_seen():
    done = subprocess.run([sys.executable, "-c", LAST_WORDS], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (3, b"last words\n")


def test_pieces_are_whole_lines_no_longer_than_a_pipe_takes_at_once():
    """Workers write to one pipe: a longer piece could be torn by another's."""
    pieces = Pieces()
    lines = LineWriter(pieces)  # type: ignore[arg-type]
    for number in range(500):
        lines.write(line(number))
    lines.close()
    assert sum(piece.count(b"\n") for piece in pieces.written) == 500
    assert all(piece.endswith(b"\n") and len(piece) <= 4096 for piece in pieces.written)
    assert len(pieces.written) < 50


class Pieces:
    """Keeps what each call wrote."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, piece: bytes) -> int:
        """Take it."""
        self.written += [piece] if piece else []
        return len(piece)

    def flush(self) -> None:
        """Nothing waits."""


def drain(reader: BinaryIO) -> None:
    """Read on in the background until the other end is closed."""
    Thread(target=reader.read, daemon=True).start()
