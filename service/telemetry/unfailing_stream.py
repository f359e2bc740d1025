"""Where log lines go: a full disk or a reader that went away costs lines, never an answer."""

from __future__ import annotations

from contextlib import suppress
from typing import BinaryIO


class UnfailingStream:
    """Writes to a stream and lets what it refuses be lost."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, line: bytes) -> int:
        """Write as far as possible; says that all was written."""
        with suppress(OSError):
            self._stream.write(line)
        return len(line)

    def flush(self) -> None:
        """Let it out as far as possible; what stays behind goes with a later line."""
        with suppress(OSError):
            self._stream.flush()
