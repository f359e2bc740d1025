"""One connection to Redis that all decisions of a worker share; replies are matched by order.

A pool of connections costs five times the processor time, and after a cancellation it can hand the
reply to one question to the next asker. Here a question that nobody waits for any more keeps its
place in the queue, so that its late reply is dropped and never mistaken for another's.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from typing import Any, cast

import hiredis
from redis.exceptions import RedisError

from service.adapters.redis_address import Endpoint, FixedAddress, SentinelAddress

CONNECT_SECONDS = 1.0
HUNG_SECONDS = 0.25
"""A connection that owes a reply for so long is given up: its network may have gone."""
LOOK_SECONDS = 0.001


class WireError(Exception):
    """No reply came, or it says that the server cannot serve; `cause` never holds a key."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class ConnectionDropped(WireError):
    """The connection went while a reply was due; the server may be well."""


class _Question:
    """Commands sent together, and the replies to them that came so far."""

    __slots__ = ("answer", "asked_at", "deadline", "has_looked", "replies", "wanted")

    def __init__(
        self, wanted: int, answer: asyncio.Future[list[Any]], asked_at: float, deadline: float
    ) -> None:
        self.wanted, self.answer = wanted, answer
        self.asked_at, self.deadline, self.has_looked = asked_at, deadline, False
        self.replies: list[Any] = []


class _Connection(asyncio.Protocol):
    """Bytes in, replies out, one answered question per turn of the loop.

    One per turn, because the engine runs where the answer arrives: between two decisions the loop
    looks at its sockets, so that a refusal or a health check never waits for a row of decisions.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop, self._reader = loop, hiredis.Reader()
        self._open: deque[_Question] = deque()
        self._complete: deque[_Question] = deque()
        self._is_delivering = False
        self._timer: asyncio.TimerHandle | None = None
        self._rings_at = math.inf
        self.is_alive = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail_all(ConnectionDropped("ConnectionLost"))

    def data_received(self, data: bytes) -> None:
        try:
            self._reader.feed(data)
            while (reply := self._reader.gets()) is not False:
                question = self._open[0]
                question.replies.append(reply)
                if len(question.replies) == question.wanted:
                    self._complete.append(self._open.popleft())
        except (hiredis.ProtocolError, IndexError):
            self.abort()
        if self._complete and not self._is_delivering:
            self._is_delivering = True
            self._deliver()

    def ask(self, packed: bytes, wanted: int, deadline: float) -> asyncio.Future[list[Any]]:
        """The replies to come; `WireError` when they do not all come in time."""
        if not self.is_alive:  # lost in the turn in which it was made
            raise ConnectionDropped("ConnectionLost")
        question = _Question(wanted, self._loop.create_future(), self._loop.time(), deadline)
        self._open.append(question)
        self._ring_at(deadline)
        self._transport.write(packed)
        return question.answer

    def abort(self) -> None:
        self._fail_all(ConnectionDropped("ConnectionAborted"))
        if not self._transport.is_closing():
            self._transport.abort()

    def _deliver(self) -> None:
        question = self._complete.popleft()
        if not question.answer.done():
            question.answer.set_result(question.replies)
        self._is_delivering = bool(self._complete)
        if self._is_delivering:
            self._loop.call_soon(self._deliver)

    def _ring_at(self, deadline: float) -> None:
        """One timer for all questions: nearly every one is answered before it rings."""
        if deadline < self._rings_at:
            self._stop_timer()
            self._timer, self._rings_at = self._loop.call_at(deadline, self._expire), deadline

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._rings_at = None, math.inf

    def _expire(self) -> None:
        """Give up what is overdue, but not before the loop has looked at its sockets once more.

        Timers run before sockets are read: the reply may lie there, above all after the loop stood
        still. A question whose replies all came is not open any more, and not late.
        """
        self._stop_timer()
        now = self._loop.time()
        waiting = [question for question in self._open if not question.answer.done()]
        # The loop counts in milliseconds, and may ring half of one too early.
        overdue = [question for question in waiting if question.deadline < now + LOOK_SECONDS]
        late = [question for question in overdue if question.has_looked]
        for question in overdue:
            question.deadline, question.has_looked = now + LOOK_SECONDS, True
        for question in late:
            question.answer.set_exception(WireError("TimeoutError"))
        if late and self._is_hung(now):
            self.abort()
            return
        still = [question.deadline for question in waiting if not question.answer.done()]
        self._ring_at(min(still, default=math.inf))

    def _is_hung(self, now: float) -> bool:
        """Whether the reply that is due next is long overdue."""
        return now - self._open[0].asked_at > HUNG_SECONDS

    def _fail_all(self, error: WireError) -> None:
        self.is_alive = False
        self._stop_timer()
        for question in self._open:
            if not question.answer.done():
                question.answer.set_exception(error)
        self._open.clear()


class RedisWire:
    """Asks Redis within a deadline; connects when asked, again after every loss."""

    def __init__(self, address: FixedAddress | SentinelAddress) -> None:
        self._address = address
        self._connection: _Connection | None = None
        self._connecting: asyncio.Task[_Connection] | None = None

    async def read(self, packed: bytes, wanted: int, *, within_seconds: float) -> list[Any]:
        """The replies to packed commands that change nothing; `WireError` when they do not all
        come in time.

        A connection that is lost meanwhile costs a second question, and no customer her answer. A
        reply may be a `hiredis.ReplyError`: what it means is the asker's to say.
        """
        deadline = asyncio.get_running_loop().time() + within_seconds
        try:
            return await self._ask(packed, wanted, deadline)
        except ConnectionDropped:
            return await self._ask(packed, wanted, deadline)

    async def send(self, packed: bytes, wanted: int, *, within_seconds: float) -> list[Any]:
        """The replies to packed commands that change something, asked once: after a `WireError`
        nobody knows whether they were carried out. Nothing is sent when no time is left.
        """
        if within_seconds <= 0.0:
            raise WireError("TimeoutError")
        deadline = asyncio.get_running_loop().time() + within_seconds
        return await self._ask(packed, wanted, deadline)

    async def _ask(self, packed: bytes, wanted: int, deadline: float) -> list[Any]:
        connection = self._connection
        if connection is None or not connection.is_alive:
            connection = await self._connected(deadline)
        return await connection.ask(packed, wanted, deadline)

    async def aclose(self) -> None:
        """Close the connection; questions still open fail."""
        if self._connecting is not None:
            self._connecting.cancel()
        if self._connection is not None:
            self._connection.abort()

    async def _connected(self, deadline: float) -> _Connection:
        """The new connection; one attempt serves all who wait, and outlives their patience."""
        if self._connecting is None or self._connecting.done():
            self._connecting = asyncio.create_task(self._connect())
            self._connecting.add_done_callback(_note_outcome)
        remaining = deadline - asyncio.get_running_loop().time()
        try:
            return await asyncio.wait_for(asyncio.shield(self._connecting), remaining)
        except WireError:
            raise
        except (OSError, RedisError, TimeoutError) as error:
            raise WireError(type(error).__name__) from None

    async def _connect(self) -> _Connection:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_SECONDS):
            endpoint = await self._address.resolve()
            connection = await _open(loop, endpoint)
            try:
                for command in endpoint.greeting():
                    await _greet(connection, command, deadline=loop.time() + CONNECT_SECONDS)
            except BaseException:
                connection.abort()
                raise
        self._connection = connection
        return connection


async def _open(loop: asyncio.AbstractEventLoop, endpoint: Endpoint) -> _Connection:
    def protocol() -> _Connection:
        return _Connection(loop)

    if endpoint.path is not None:
        return (await loop.create_unix_connection(protocol, endpoint.path))[1]
    place = (endpoint.host, endpoint.port)
    return (await loop.create_connection(protocol, *place, ssl=endpoint.tls))[1]


async def _greet(connection: _Connection, command: tuple[str, ...], *, deadline: float) -> None:
    packed = hiredis.pack_command(cast("Any", command))
    (reply,) = await connection.ask(packed, 1, deadline)
    if reply not in (b"OK", "OK"):
        raise WireError(f"{command[0]}Refused")


def _note_outcome(attempt: asyncio.Task[_Connection]) -> None:
    """Reads the error of an attempt nobody waited for, which asyncio would report otherwise."""
    if not attempt.cancelled():
        attempt.exception()
