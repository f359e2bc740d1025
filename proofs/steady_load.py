"""Decisions asked for at a constant rate by a process of its own; every answer is told one by one.

The clock is `time.monotonic`, which all processes of a machine share: a proof that does its worst
at a known instant finds that instant among the answers.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import numpy as np

from benchmarks.http_connection import HttpConnection
from benchmarks.questions import encoded_requests, random_customers

REQUESTS = 5_000
MOST_CONNECTIONS = 400
LOST_SECONDS = 15.0
_RUNG = re.compile(rb'"served_from":"([a-z_]+)"')
_DECISION = re.compile(rb'"decision_id":"([0-9A-Z]+)"')
_STATE = re.compile(rb'"degraded_reasons":\[[^\]]*"(state_[a-z_]+)"')


class Steady(msgspec.Struct, frozen=True):
    """So many requests a second, for so long, from so many connections at first."""

    port: int
    customers: int
    rate: float
    seconds: float
    connections: int = 64


class Answer(msgspec.Struct, frozen=True):
    """When a request was due, how long it took from then, and what came: status or `lost`.

    `answered_in` counts from the moment it was sent: less, when the generator itself was late.
    """

    due: float
    seconds: float
    answered_in: float
    status: str
    rung: str = ""
    state: str = ""
    has_offers: bool = False
    decision_id: str = ""


class LoadProcess:
    """A load that is on its way."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def answers(self) -> list[Answer]:
        """All of them, once the last has come."""
        told, _ = self._process.communicate()
        if self._process.returncode:
            raise RuntimeError("the load generator failed: see above")
        return msgspec.json.decode(told, type=list[Answer])


@contextmanager
def steady_load(job: Steady) -> Iterator[LoadProcess]:
    """Start the load; it begins when the block is entered."""
    command = [sys.executable, "-m", "proofs.steady_load"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(msgspec.json.encode(job) + b"\n")
    process.stdin.flush()
    assert process.stdout is not None
    process.stdout.readline()  # its connections stand
    try:
        yield LoadProcess(process)
    finally:
        process.kill()
        process.wait()


def answers_to(job: Steady) -> list[Answer]:
    """Everything that was answered, once the load is over."""
    with steady_load(job) as load:
        return load.answers()


def p99_ms(answers: list[Answer]) -> float:
    """The 99th percentile in milliseconds; not a number without answers."""
    if not answers:
        return float("nan")
    return float(np.quantile([answer.seconds for answer in answers], 0.99, method="higher")) * 1e3


class _Load:
    def __init__(self, job: Steady) -> None:
        self._job = job
        self._idle: list[HttpConnection] = []
        self._waiting: deque[tuple[bytes, float]] = deque()
        self._connections = job.connections
        self._opening: set[asyncio.Task[None]] = set()
        self._sent: dict[HttpConnection, float] = {}
        self.answers: list[Answer] = []

    async def run(self) -> None:
        job, loop = self._job, asyncio.get_running_loop()
        requests = encoded_requests("decisions", random_customers(REQUESTS, job.customers))
        await asyncio.gather(*(self._open() for _ in range(job.connections)))
        print("ready", flush=True)
        begin, count = time.monotonic(), int(job.rate * job.seconds)
        for number in range(count):
            due = begin + number / job.rate
            if due > time.monotonic():
                await asyncio.sleep(due - time.monotonic())
            elif number % 32 == 0:
                await asyncio.sleep(0)
            self._send(requests[number % len(requests)], due, loop)
        deadline = time.monotonic() + LOST_SECONDS
        while len(self.answers) < count and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        lost = [Answer(due, LOST_SECONDS, LOST_SECONDS, "lost") for _, due in self._waiting]
        self.answers += lost

    def _send(self, request: bytes, due: float, loop: asyncio.AbstractEventLoop) -> None:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open:
                self._send_on(connection, request, due)
                return
        self._waiting.append((request, due))
        if self._connections < MOST_CONNECTIONS:
            self._connections += 1
            task = loop.create_task(self._open())
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    def _send_on(self, connection: HttpConnection, request: bytes, due: float) -> None:
        self._sent[connection] = time.monotonic()
        connection.send(request, due)

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        connection = HttpConnection(_told, self._answered)
        await loop.create_connection(lambda: connection, "127.0.0.1", self._job.port)
        self._free(connection)

    def _answered(self, connection: HttpConnection, due: float, _: float, told: str | None) -> None:
        now = time.monotonic()
        took = now - due, now - self._sent[connection]
        parts = (told or "lost").split("|")
        if len(parts) == 1:
            self.answers.append(Answer(due, *took, "lost"))
        else:
            status, rung, state, decision, offers = parts
            answer = Answer(due, *took, status, rung, state, offers == "1", decision)
            self.answers.append(answer)
        if connection.is_open:
            self._free(connection)

    def _free(self, connection: HttpConnection) -> None:
        if self._waiting:
            self._send_on(connection, *self._waiting.popleft())
        else:
            self._idle.append(connection)


def _told(status: bytes, body: bytes) -> str:
    found = [pattern.search(body) for pattern in (_RUNG, _STATE, _DECISION)]
    words = [match[1].decode() if match else "" for match in found]
    return "|".join([status.decode(), *words, "1" if b'"offers":[{' in body else "0"])


def main() -> int:
    """A job on stdin, its answers on stdout."""
    import uvloop

    load = _Load(msgspec.json.decode(sys.stdin.buffer.readline(), type=Steady))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(load.run())
    # Whole, also where Python was told not to buffer: then one write takes what fits the pipe.
    os.set_blocking(sys.stdout.fileno(), True)
    with os.fdopen(sys.stdout.fileno(), "wb", closefd=False) as out:
        out.write(msgspec.json.encode(load.answers))
    return 0


if __name__ == "__main__":
    sys.exit(main())
