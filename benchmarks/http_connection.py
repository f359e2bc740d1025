"""One keep-alive HTTP/1.1 connection with at most one request on its way."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from typing import cast

from benchmarks.answer_checks import Check

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_HEAD_END = b"\r\n\r\n"

Done = Callable[["HttpConnection", float, float, str | None], None]
"""Connection, instant the request was due, instant of the last byte, kind of error or None."""


class HttpConnection(asyncio.Protocol):
    """Sends encoded requests and tells `done` about each of them exactly once."""

    def __init__(self, check: Check, done: Done) -> None:
        self._check, self._done = check, done
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._missing = 0
        self._due: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether a request can be sent."""
        return self._transport is not None

    def send(self, request: bytes, due: float) -> None:
        """Send now what was due at that instant (`time.perf_counter`)."""
        assert self._transport is not None
        self._due = due
        self._transport.write(request)

    def close(self) -> None:
        """Close without telling anybody."""
        self._due = None
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The peer accepted."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """The peer closed; what was on its way is lost."""
        self._transport = None
        if self._due is not None:
            self._finish("connection lost")

    def data_received(self, data: bytes) -> None:
        """A part of an answer; the rest of its body is only counted until it is complete."""
        if self._due is None:
            return
        self._received = self._received + data if self._received else data
        if self._missing > len(self._received):
            return
        received = self._received
        head_end = received.find(_HEAD_END)
        if head_end < 0:
            return
        length = _LENGTH.search(received, 0, head_end + 2)
        if length is None:
            self._finish("no content-length")
            return
        self._missing = head_end + len(_HEAD_END) + int(length[1])
        if len(received) >= self._missing:
            self._finish(self._check(received[9:12], received[head_end + len(_HEAD_END) :]))

    def _finish(self, error: str | None) -> None:
        due, self._due = self._due, None
        self._received, self._missing = b"", 0
        assert due is not None
        self._done(self, due, time.perf_counter(), error)
