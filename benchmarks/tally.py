"""Counts what arrives in the measured window, and the generator's own processor time."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping

import psutil  # type: ignore[import-untyped]

from benchmarks.load_job import LoadResult, latency_of


class Tally:
    """Answers and errors between two instants; what comes before is warm-up."""

    def __init__(self, begin: float, end: float, watched: Mapping[str, list[int]]) -> None:
        self._begin, self._end = begin, end
        self._seconds: list[float] = []
        self._errors: Counter[str] = Counter()
        self._warm_up_errors: Counter[str] = Counter()
        self._watched = {
            name: [psutil.Process(number) for number in numbers]
            for name, numbers in watched.items()
        }
        self._own = 0.0
        self._others: dict[str, float] = {}

    async def window(self) -> None:
        """Return when the window closes; processor time is taken at both of its ends."""
        await asyncio.sleep(self._begin - time.perf_counter())
        self._own, self._others = time.process_time(), self._processor_seconds()
        await asyncio.sleep(self._end - time.perf_counter())
        self._own = time.process_time() - self._own
        now = self._processor_seconds()
        self._others = {name: now[name] - before for name, before in self._others.items()}

    def count(self, due: float, answered: float, *, at: float, error: str | None) -> None:
        """One answer; `at` is the instant that says whether it belongs to the window."""
        if at < self._begin:
            if error:
                self._warm_up_errors[error] += 1
        elif at < self._end:
            if error:
                self._errors[error] += 1
            else:
                self._seconds.append(answered - due)

    def lose(self, count: int, error: str) -> None:
        """Requests that will never be answered."""
        if count:
            self._errors[error] += count

    def result(self, connections: int) -> LoadResult:
        """Everything counted."""
        wall = self._end - self._begin
        return LoadResult(
            answers=len(self._seconds),
            errors=dict(self._errors),
            warm_up_errors=dict(self._warm_up_errors),
            answers_per_second=len(self._seconds) / wall,
            latency_ms=latency_of(self._seconds),
            generator_cpu_share=self._own / wall,
            connections=connections,
            processor_seconds=self._others,
        )

    def _processor_seconds(self) -> dict[str, float]:
        """Seconds each watched group has used; a process that ended has used nothing."""
        return {
            name: sum(_used(process) for process in processes)
            for name, processes in self._watched.items()
        }


def _used(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)
