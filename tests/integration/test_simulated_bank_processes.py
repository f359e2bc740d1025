"""A bank simulated by several processes: the same bytes, and an honest end when one is lost."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import struct
import sys
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from model_registry.home import Home
from training.simulated_bank.errors import SimulationStopped
from training.simulated_bank.simulate import SimulationConfig, simulate_bank
from training.simulated_bank.workforce import hear_its_end

CONFIG = SimulationConfig(customers=700, days=92, seed=5, block_customers=150)


def digests(home: Home) -> dict[str, str]:
    files = [path for folder in (home.tables, home.truth) for path in sorted(folder.iterdir())]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_number_of_processes_changes_no_byte(tmp_path: Path) -> None:
    alone, together = Home(tmp_path / "alone"), Home(tmp_path / "together")
    seen: list[tuple[str, int, int | None]] = []
    simulate_bank(CONFIG, alone, processes=1)
    simulate_bank(CONFIG, together, processes=2, progress=lambda *step: seen.append(step))
    assert digests(alone) == digests(together)
    assert alone.bank().fingerprint == together.bank().fingerprint
    assert [done for step, done, _ in seen if step == "simulate months"] == list(range(1, 16))
    assert not (together.root / ".import").exists()
    assert multiprocessing.active_children() == []


def test_a_killed_process_stops_the_simulation_and_leaves_no_bank(tmp_path: Path) -> None:
    def kill_one(step: str, done: int, total: int | None) -> None:
        if done == 3:
            os.kill(multiprocessing.active_children()[0].pid or 0, signal.SIGKILL)

    home = Home(tmp_path)
    with pytest.raises(SimulationStopped, match="ended from outside"):
        simulate_bank(CONFIG, home, processes=2, progress=kill_one)
    assert not home.bank_file.exists()
    assert not (tmp_path / ".import").exists()


def begin_an_answer_and_die() -> None:
    """Write the length of an answer and its first byte, as a process killed while it writes."""
    frame = sys._getframe()
    while "result_queue" not in frame.f_locals:
        assert frame.f_back is not None
        frame = frame.f_back
    os.write(frame.f_locals["result_queue"]._writer.fileno(), struct.pack("!i", 1_000) + b"x")
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_killed_in_the_middle_of_an_answer_is_not_waited_for() -> None:
    hand = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))
    try:
        answer = hand.submit(begin_an_answer_and_die)
        hear_its_end(hand)
        with pytest.raises(BrokenProcessPool):
            answer.result(timeout=60)
    finally:
        writer = hand._result_queue._writer  # held, it would keep a failing test from ending
        if not writer.closed:
            writer.close()
        hand.shutdown()
