"""Requests at fixed instants whatever the peer does: what customers would see.

Latency counts from the instant a request was due, so that a peer that stalls is charged for
everybody who came meanwhile (no coordinated omission).
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque

from msgspec.structs import replace

from benchmarks.answer_checks import check_of
from benchmarks.http_connection import HttpConnection
from benchmarks.load_job import LoadJob, LoadResult
from benchmarks.tally import Tally

LATE_SECONDS = 0.001


class OpenLoop:
    """One run at a constant rate; connections are opened when all are busy, up to a bound."""

    def __init__(self, job: LoadJob, requests: list[bytes]) -> None:
        assert job.rate is not None
        self._job, self._requests, self._rate = job, requests, job.rate
        self._idle: list[HttpConnection] = []
        self._waiting: deque[tuple[bytes, float]] = deque()
        self._connections: list[HttpConnection] = []
        self._opening: set[asyncio.Task[None]] = set()
        self._unanswered = self._late = self._waited = 0
        self._worst_lateness = 0.0

    async def run(self) -> LoadResult:
        """Send everything on time, then wait for what is on its way."""
        for _ in range(self._job.connections):
            await self._open()
        job, loop = self._job, asyncio.get_running_loop()
        begin = time.perf_counter() + 0.05
        self._begin = begin + job.warm_up_seconds
        self._tally = Tally(self._begin, self._begin + job.seconds, job.watched)
        count = int((job.warm_up_seconds + job.seconds) * self._rate)
        self._unanswered = count
        pacer = threading.Thread(target=self._pace, args=(loop, begin, count), daemon=True)
        pacer.start()
        await self._tally.window()
        await self._drain()
        pacer.join()
        for connection in self._connections:
            connection.close()
        await asyncio.sleep(0)  # the loop closes them
        return replace(
            self._tally.result(len(self._connections)),
            late_sends=self._late,
            waited_for_connection=self._waited,
            worst_lateness_ms=self._worst_lateness * 1e3,
        )

    def _pace(self, loop: asyncio.AbstractEventLoop, begin: float, count: int) -> None:
        """Wake the loop at every instant: a thread sleeps to 0.1 ms, a loop's timers to 1 ms."""
        for number in range(count):
            due = begin + number / self._rate
            pause = due - time.perf_counter()
            if pause > 0:
                time.sleep(pause)
            loop.call_soon_threadsafe(self._send, number, due)

    def _send(self, number: int, due: float) -> None:
        request = self._requests[number % len(self._requests)]
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open:
                self._send_on(connection, request, due)
                return
            self._connections.remove(connection)
        self._waiting.append((request, due))
        if due >= self._begin:
            self._waited += 1
        self._open_soon()

    def _open_soon(self) -> None:
        if len(self._connections) + len(self._opening) < self._job.most_connections:
            task = asyncio.ensure_future(self._open())
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    def _send_on(self, connection: HttpConnection, request: bytes, due: float) -> None:
        lateness = time.perf_counter() - due
        if due >= self._begin and lateness > LATE_SECONDS:
            self._late += 1
            self._worst_lateness = max(self._worst_lateness, lateness)
        connection.send(request, due)

    async def _open(self) -> None:
        connection = HttpConnection(check_of(self._job.target), self._answered)
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: connection, "127.0.0.1", self._job.port)
        except OSError:
            return
        self._connections.append(connection)
        self._free(connection)

    def _answered(
        self, connection: HttpConnection, due: float, answered: float, error: str | None
    ) -> None:
        self._unanswered -= 1
        self._tally.count(due, answered, at=due, error=error)
        if connection.is_open:
            self._free(connection)
            return
        self._connections.remove(connection)
        if self._waiting:
            self._open_soon()

    def _free(self, connection: HttpConnection) -> None:
        if self._waiting:
            self._send_on(connection, *self._waiting.popleft())
        else:
            self._idle.append(connection)

    async def _drain(self) -> None:
        deadline = time.perf_counter() + self._job.answer_within_seconds
        while self._unanswered and time.perf_counter() < deadline:
            await asyncio.sleep(0.01)
        self._tally.lose(self._unanswered, "unanswered")
