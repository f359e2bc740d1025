"""A command in a process of its own: how long it took, and how much memory all of it held."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SECONDS_BETWEEN_LOOKS = 0.2
_KIB_PER_GIB = 2**20


@dataclass(frozen=True)
class Usage:
    """Wall and processor seconds, and the peak memory, of a command and all it started."""

    wall_seconds: float
    cpu_seconds: float
    peak_gib: float


class CommandFailed(Exception):
    """The measured command did not end well; what it said went to stderr."""


def measured_nbo(arguments: Sequence[str], home: Path) -> Usage:
    """`nbo` with these arguments on a home; its results are not printed."""
    command = [sys.executable, "-m", "nbo", *arguments]
    return measured(command, os.environ | {"NBO_HOME": str(home)})


def measured(command: Sequence[str], environment: Mapping[str, str]) -> Usage:
    """Run to the end; the peak is of all its processes at one time, shared memory counted once."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    child = subprocess.Popen(command, env=dict(environment), stdout=subprocess.DEVNULL)
    try:
        peak = _watched(child)
    finally:
        child.kill()
        child.wait()
    wall = time.monotonic() - began
    if child.returncode:
        raise CommandFailed(f"{' '.join(command)} ended with {child.returncode}")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    # The system's own peak of the largest process misses nothing between two looks.
    largest = used.ru_maxrss if used.ru_maxrss > before.ru_maxrss else 0
    return Usage(wall, cpu, max(peak, largest) / _KIB_PER_GIB)


def _watched(child: subprocess.Popen[bytes]) -> int:
    """The most KiB the child and its family held together, until it ends."""
    peak = 0
    while child.poll() is None:
        peak = max(peak, sum(map(_proportional_kib, _family(child.pid))))
        time.sleep(SECONDS_BETWEEN_LOOKS)
    return peak


def _family(pid: int) -> Iterator[int]:
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in children:
        yield from _family(int(child))


def _proportional_kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has just ended
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
