"""Long steps on stderr: bars in a terminal, plain lines elsewhere; stdout stays for results."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

Report = Callable[[str, int, int | None], None]
"""Called with the step's name, what is done, and the total where it is known."""

LINE_SECONDS = 5.0


@contextmanager
def shown_progress() -> Iterator[Report]:
    """A callable for the long functions of the two halves; everything it says goes to stderr."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield ProgressLines()
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bars:
        yield ProgressBars(bars)


class ProgressBars:
    """One bar a step."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, step: str, done: int, total: int | None) -> None:
        """Move the step's bar."""
        if step not in self._tasks:
            self._tasks[step] = self._bars.add_task(step, total=total)
        self._bars.update(self._tasks[step], completed=done, total=total)


class ProgressLines:
    """A line when a step begins, every few seconds, and when it is complete."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}

    def __call__(self, step: str, done: int, total: int | None) -> None:
        """Say how far the step is, if it is time to."""
        now = time.monotonic()
        is_due = now - self._last.get(step, -LINE_SECONDS) >= LINE_SECONDS
        if is_due or done == total:
            self._last[step] = now
            far = str(done) if total is None else f"{done}/{total}"
            print(f"{step}: {far}", file=sys.stderr, flush=True)
