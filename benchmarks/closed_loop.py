"""So many clients, each asking again as soon as it is answered: what a peer can do at most."""

from __future__ import annotations

import asyncio
import itertools
import time

from benchmarks.answer_checks import check_of
from benchmarks.http_connection import HttpConnection
from benchmarks.load_job import LoadJob, LoadResult
from benchmarks.tally import Tally


class ClosedLoop:
    """One run; latency is from a request's last byte sent to its answer's last byte received."""

    def __init__(self, job: LoadJob, requests: list[bytes]) -> None:
        self._job = job
        self._requests = itertools.cycle(requests)
        self._on_the_way = 0
        self._reconnecting: set[asyncio.Task[None]] = set()

    async def run(self) -> LoadResult:
        """Ask until the time is over, then wait for what is on its way."""
        check = check_of(self._job.target)
        loop = asyncio.get_running_loop()
        begin = time.perf_counter() + self._job.warm_up_seconds
        self._end = begin + self._job.seconds
        self._tally = Tally(begin, self._end, self._job.watched)
        connections = []
        for _ in range(self._job.connections):
            _, connection = await loop.create_connection(
                lambda: HttpConnection(check, self._answered), "127.0.0.1", self._job.port
            )
            connections.append(connection)
            self._ask(connection)
        await self._tally.window()
        await self._drain()
        for connection in connections:
            connection.close()
        await asyncio.sleep(0)  # the loop closes them
        return self._tally.result(len(connections))

    def _ask(self, connection: HttpConnection) -> None:
        self._on_the_way += 1
        connection.send(next(self._requests), time.perf_counter())

    def _answered(
        self, connection: HttpConnection, due: float, answered: float, error: str | None
    ) -> None:
        self._on_the_way -= 1
        self._tally.count(due, answered, at=answered, error=error)
        if answered >= self._end:
            return
        if connection.is_open:
            self._ask(connection)
        else:
            task = asyncio.ensure_future(self._reconnect(connection))
            self._reconnecting.add(task)
            task.add_done_callback(self._reconnecting.discard)

    async def _reconnect(self, connection: HttpConnection) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: connection, "127.0.0.1", self._job.port)
        except OSError:
            self._tally.lose(1, "cannot connect")
            return
        self._ask(connection)

    async def _drain(self) -> None:
        deadline = time.perf_counter() + self._job.answer_within_seconds
        while self._on_the_way and time.perf_counter() < deadline:
            await asyncio.sleep(0.01)
        self._tally.lose(self._on_the_way, "unanswered")
