"""Customers who ask one after the other over kept connections, while a test does its worst."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

PATH = "/v1/decisions"
ANSWER_SECONDS = 30.0
ROUNDS = 10


@dataclass(frozen=True)
class Answer:
    """One answer, and when it came."""

    status: int
    headers: dict[str, str]
    document: dict[str, Any]
    seconds: float
    at: float

    @property
    def rung(self) -> str | None:
        """The rung of the ladder it was served from."""
        return self.document.get("served_from")

    @property
    def offers(self) -> list[dict[str, Any]]:
        """All offers in it."""
        places = self.document.get("placements", [])
        return [offer for place in places for offer in place["offers"]]


@dataclass
class Seen:
    """What the customers saw so far; `lost` are requests that were sent and never answered."""

    answers: list[Answer] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    @property
    def statuses(self) -> Counter[int]:
        """How often which status came."""
        return Counter(answer.status for answer in self.answers)

    def since(self, instant: float) -> list[Answer]:
        """Answers that came after an instant of `time.monotonic`."""
        return [answer for answer in self.answers if answer.at >= instant]


class Customers:
    """Asks on so many connections until stopped; opens a new one when the server closes one."""

    def __init__(
        self,
        port: int,
        ids: Sequence[str],
        *,
        connections: int = 4,
        pause_seconds: float = 0.0,
        **changes: object,
    ) -> None:
        self._port, self._ids, self._connections = port, ids, connections
        self._pause_seconds, self._changes = pause_seconds, changes
        self._stopping = threading.Event()
        self.leave_when_closed = False
        """Whether a customer told `connection: close` goes away, as behind a load balancer."""
        self.seen = Seen()

    @contextmanager
    def asking(self) -> Iterator[Seen]:
        """Ask during the block; after it nothing is on its way any more."""
        thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        thread.start()
        try:
            yield self.seen
        finally:
            self._stopping.set()
            thread.join(ANSWER_SECONDS + 10)
            assert not thread.is_alive()

    def wait(self) -> None:
        """Return when so many more answers came that each connection had several; fails after a
        while.
        """
        enough = len(self.seen.answers) + ROUNDS * self._connections
        deadline = time.monotonic() + ANSWER_SECONDS
        while len(self.seen.answers) <= enough:
            assert time.monotonic() < deadline, "nobody was answered"
            time.sleep(0.01)

    async def _run(self) -> None:
        await asyncio.gather(*(self._customer(n) for n in range(self._connections)))

    async def _customer(self, first: int) -> None:
        streams, number = None, first
        while not self._stopping.is_set():
            request = encoded(self._ids[number % len(self._ids)], **self._changes)
            number += self._connections
            try:
                streams = streams or await asyncio.open_connection("127.0.0.1", self._port)
                async with asyncio.timeout(ANSWER_SECONDS):
                    answer = await exchange(*streams, request)
            except (OSError, EOFError, TimeoutError) as error:
                self.seen.lost.append(type(error).__name__)
                if streams is not None:
                    streams[1].close()
                streams = None
                await asyncio.sleep(0.01)
                continue
            self.seen.answers.append(answer)
            if answer.headers.get("connection") == "close":
                streams[1].close()
                streams = None
                if self.leave_when_closed:
                    return
            await asyncio.sleep(self._pause_seconds)
        if streams is not None:
            streams[1].close()


def encoded(customer_id: str, **changes: object) -> bytes:
    """The request of a login of this customer."""
    asked = {"customer_id": customer_id, "channel": "mobile_app", "locale": "en"} | changes
    body = json.dumps(asked).encode()
    return head(len(body)) + body


def head(length: int) -> bytes:
    """The head of a request whose body has this length."""
    lines = [f"POST {PATH} HTTP/1.1", "host: localhost", "content-type: application/json"]
    return "\r\n".join([*lines, f"content-length: {length}", "", ""]).encode()


async def exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
) -> Answer:
    """Send one request and read its answer; an `EOFError` when the connection ends first."""
    started = time.monotonic()
    writer.write(request)
    lines = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
    pairs = (line.partition(": ") for line in lines[1:] if line)
    headers = {name.lower(): value for name, _, value in pairs}
    body = await reader.readexactly(int(headers["content-length"]))
    now = time.monotonic()
    status = int(lines[0].split()[1])
    return Answer(status, headers, json.loads(body), now - started, now)
