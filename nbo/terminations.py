"""Ctrl-C, SIGTERM and SIGHUP unwind the stack, and never in the middle of starting or stopping."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

TERMINATIONS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Handler = Callable[[int, FrameType | None], object]


@contextmanager
def terminations_unwind() -> Iterator[None]:
    """SIGTERM and SIGHUP end the program like Ctrl-C does: every `finally` runs."""
    with _handlers({signal.SIGTERM: _unwind, signal.SIGHUP: _unwind}, only_defaults=True):
        yield


@contextmanager
def terminations_held_back() -> Iterator[None]:
    """What arrives inside the block is raised after it; outside the main thread: no effect."""
    arrived: list[int] = []
    before = {number: signal.getsignal(number) for number in TERMINATIONS}
    holding = dict.fromkeys(TERMINATIONS, lambda number, _: arrived.append(number))
    with _handlers(holding, only_defaults=False):
        yield
    if arrived:
        handler = before[signal.Signals(arrived[0])]
        if callable(handler):
            handler(arrived[0], None)


def _unwind(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


@contextmanager
def _handlers(wanted: Mapping[signal.Signals, Handler], *, only_defaults: bool) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before: dict[signal.Signals, Handler | int | None] = {}
    for number, handler in wanted.items():
        current = signal.getsignal(number)
        if only_defaults and current is not signal.SIG_DFL:
            continue
        if current is signal.SIG_IGN:
            continue  # nohup means it
        before[number] = signal.signal(number, handler)
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
