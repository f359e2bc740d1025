"""kill -9 of a worker loses no record it has acknowledged."""

from __future__ import annotations

from pathlib import Path

from proofs.killed_worker_log import killed_lives
from tests.written_log import WrittenLog


def test_a_killed_writer_loses_nothing_and_its_slot_is_continued(tmp_path: Path) -> None:
    lost, acknowledged, _ = killed_lives(tmp_path, lives=3, records=150)
    assert acknowledged >= 450
    assert lost == 0
    log = WrittenLog(tmp_path)
    assert log.bad() == []
    assert log.write([b"next life"]) == "w0"
    (verdict,) = log.verdict().writers
    assert verdict.records == verdict.anchored_seq > acknowledged
