"""kill -9 of a process that appends about 500 decisions a second: whatever it acknowledged is found
afterwards, and the chain is whole; several lives of one slot.

make prove NAME=killed_worker_log ARGS="--lives 10 --records 3000"
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from service.adapters.event_log import EventBook, FileEventLog
from service.adapters.event_log.verdict import ChainStatus
from service.adapters.event_log.verification import verify
from service.ports import RecordKind

SECONDS_BETWEEN_APPENDS = 0.002
PAYLOAD_BYTES = 8192
KEY_BYTES = 16


def main() -> int:
    """Exit code 0 when nothing acknowledged was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lives", type=int, default=5)
    parser.add_argument("--records", type=int, default=1000, help="acknowledged before each kill")
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write:
        append_until_killed(options.write)
    with tempfile.TemporaryDirectory() as folder:
        lost, acknowledged, torn = killed_lives(Path(folder), options.lives, options.records)
        damaged = len(verify(Path(folder) / "log", Path(folder) / "anchors", _silent).damaged)
    print(f"{options.lives} lives, {acknowledged} appends acknowledged, {torn} torn tails")
    print(f"lost: {lost} (target 0); damaged chains: {damaged} (target 0)")
    return 1 if lost or damaged or not acknowledged else 0


def killed_lives(root: Path, lives: int, records: int) -> tuple[int, int, int]:
    """(records lost, acknowledged, torn tails) after each life ended by SIGKILL."""
    keys: list[bytes] = []
    torn = 0
    for _ in range(lives):
        keys += killed_writer(root, records)
        verdict = verify(root / "log", root / "anchors", _silent)
        torn += sum(one.status is ChainStatus.TORN for one in verdict.writers)
    book = EventBook(root / "log")
    found = [book.find(key) for key in keys]
    right = sum(one is not None and one.payload == payload_of(one.key) for one in found)
    return len(keys) - right, len(keys), torn


def killed_writer(root: Path, records: int) -> list[bytes]:
    """The keys a writer acknowledged before it was killed at about this many."""
    command = [sys.executable, "-m", "proofs.killed_worker_log", "--write", str(root)]
    writer = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[1])
    assert writer.stdout is not None
    try:
        told = writer.stdout.read(records * KEY_BYTES)
    finally:
        writer.send_signal(signal.SIGKILL)
    told += writer.stdout.read()
    writer.stdout.close()
    writer.wait()
    return list(_keys_in(told))


def append_until_killed(root: Path) -> None:
    """Write the key on stdout once its append has returned; the parent ends this."""
    log = FileEventLog(root / "log", root / "anchors", segment_bytes=2**20)
    log.open_now()
    due = time.monotonic()
    while True:
        key = time.time_ns().to_bytes(8) + os.urandom(8)
        log.append(RecordKind.DECISION, payload_of(key), key=key)
        os.write(1, key)
        due += SECONDS_BETWEEN_APPENDS
        time.sleep(max(0.0, due - time.monotonic()))


def payload_of(key: bytes) -> bytes:
    """What a record of this key has to hold."""
    return key * (PAYLOAD_BYTES // KEY_BYTES)


def _keys_in(told: bytes) -> Iterator[bytes]:
    for start in range(0, len(told) - KEY_BYTES + 1, KEY_BYTES):
        yield told[start : start + KEY_BYTES]


def _silent(step: str, done: int, total: int | None) -> None:
    """Nobody watches."""


if __name__ == "__main__":
    sys.exit(main())
