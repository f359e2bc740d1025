"""Where log lines go: a slow reader, a full disk or a reader that left costs lines, never time."""

from __future__ import annotations

import atexit
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from select import PIPE_BUF
from threading import Event, Lock, Thread
from typing import BinaryIO, Protocol

INTERVAL_SECONDS = 0.05
CLOSE_SECONDS = 1.0


class LineStream(Protocol):
    """What loggers write whole lines to."""

    def write(self, line: bytes, /) -> int:
        """Take one line; returns its bytes."""

    def flush(self) -> None:
        """Let out what was taken."""


class LineWriter:
    """Takes lines at once; a thread writes them to the stream within a twentieth of a second.

    No more than `most_lines` wait; a line beyond is lost, and `count_dropped` is called.
    """

    def __init__(
        self,
        stream: BinaryIO,
        most_lines: int = 10_000,
        *,
        count_dropped: Callable[[], object] = lambda: None,
    ) -> None:
        # Beside its buffer: a thread stuck in there would stop everybody who shares it, even exit.
        self._stream: BinaryIO = getattr(stream, "raw", stream)
        self._most_lines, self._count_dropped = most_lines, count_dropped
        self._pending: deque[bytes] = deque()
        self._is_wanted, self._is_closing = Event(), Event()
        self._thread: Thread | None = None
        self._starting = Lock()

    def write(self, line: bytes, /) -> int:
        """Take the line, or drop it where too many wait; never waits for the stream."""
        if len(self._pending) >= self._most_lines:
            self._count_dropped()
            return len(line)
        self._pending.append(line)
        if not self._is_wanted.is_set():  # woken by the first line, not by each
            self._is_wanted.set()
            self._start()
        return len(line)

    def flush(self) -> None:
        """Nothing: lines come out by themselves."""

    def close(self) -> None:
        """Write what waits, for a second at most; a line that comes later is written too."""
        atexit.unregister(self.close)
        thread = self._thread
        if thread is None:
            return
        self._is_closing.set()
        self._is_wanted.set()
        thread.join(CLOSE_SECONDS)
        if not thread.is_alive():
            self._thread = None
            self._is_closing.clear()
            self._is_wanted.clear()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = Thread(target=self._run, name="log lines", daemon=True)
                self._thread.start()
                atexit.register(self.close)

    def _run(self) -> None:
        while not self._is_closing.is_set():
            self._is_wanted.wait()
            self._is_closing.wait(INTERVAL_SECONDS)
            self._is_wanted.clear()
            self._write_pending()
        self._write_pending()

    def _write_pending(self) -> None:
        """Whole lines together, as many as a pipe takes in one piece: workers share a stream."""
        lines = b""
        while self._pending:
            line = self._pending.popleft()
            if lines and len(lines) + len(line) > PIPE_BUF:
                self._write_out(lines)
                lines = b""
            lines += line
        self._write_out(lines)

    def _write_out(self, lines: bytes) -> None:
        with suppress(OSError, ValueError):  # ValueError: it was closed
            while lines:
                written = self._stream.write(lines)
                if not written:  # it does not block and takes nothing now
                    time.sleep(INTERVAL_SECONDS)
                lines = lines[written or 0 :]
            self._stream.flush()
