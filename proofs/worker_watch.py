"""Every worker asked for itself, again and again: connections are told apart by who accepted them.

Workers share one listening socket, and no answer says which of them gave it; the kernel knows whose
socket a connection ended in.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil  # type: ignore[import-untyped]

from tests.faults.http_load import ANSWER_SECONDS, Answer, exchange

LEAST_PER_WORKER = 2
MOST_CONNECTIONS = 400
PAUSE_SECONDS = 0.1

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class Sight:
    """One answer of one worker; `sent` is an instant of `time.monotonic`."""

    worker: int
    sent: float
    answer: Answer


@dataclass
class WorkerWatch:
    """Asks each of these processes the same request on connections of its own."""

    port: int
    workers: Sequence[int]
    request: bytes
    sights: list[Sight] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._stopping, self._asking = threading.Event(), threading.Event()

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Ask during the block, which begins once every worker is asked."""
        failures: list[BaseException] = []

        def run() -> None:
            try:
                asyncio.run(self._run())
            except BaseException as error:  # noqa: BLE001 - told to who waits
                failures.append(error)
            finally:
                self._asking.set()

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        self._asking.wait()
        try:
            yield
        finally:
            self._stopping.set()
            thread.join(ANSWER_SECONDS + 10)
        if failures:
            raise failures[0]

    async def _run(self) -> None:
        by_worker: dict[int, list[Streams]] = {pid: [] for pid in self.workers}
        for _ in range(MOST_CONNECTIONS):
            if all(len(streams) >= LEAST_PER_WORKER for streams in by_worker.values()):
                break
            worker, streams = await self._connected()
            if len(by_worker[worker]) < LEAST_PER_WORKER:
                by_worker[worker].append(streams)
            else:
                streams[1].close()
        else:
            raise RuntimeError("not every worker accepted a connection: ask more often")
        self._asking.set()
        await asyncio.gather(
            *(self._ask(pid, streams) for pid, them in by_worker.items() for streams in them)
        )

    async def _connected(self) -> tuple[int, Streams]:
        streams = await asyncio.open_connection("127.0.0.1", self.port)
        await exchange(*streams, self.request)
        mine = streams[1].get_extra_info("sockname")[1]
        for pid in self.workers:
            ends = psutil.Process(pid).net_connections("tcp")
            if any(end.raddr and end.raddr.port == mine for end in ends):
                return pid, streams
        raise RuntimeError("no worker holds the connection that was just answered")

    async def _ask(self, worker: int, streams: Streams) -> None:
        while not self._stopping.is_set():
            sent = time.monotonic()
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    answer = await exchange(*streams, self.request)
            except (OSError, EOFError, TimeoutError) as error:
                self.lost.append(type(error).__name__)
                return
            self.sights.append(Sight(worker, sent, answer))
            await asyncio.sleep(PAUSE_SECONDS)
        streams[1].close()
