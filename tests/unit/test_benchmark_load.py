"""The load generator against a small server whose faults are known."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest

from benchmarks.load import run
from benchmarks.load_job import LoadJob, LoadResult, latency_of

WORLD = b'HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n{"hello":"world"}'
BUSY = b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n"

Answer = Callable[[asyncio.Transport, int], None]
"""Writes the answer to the request with this number."""


class Peer(asyncio.Protocol):
    """Answers every request by a function."""

    def __init__(self, answer: Answer, numbers: Iterator[int], open_now: set) -> None:
        self._answer, self._numbers, self._open_now = answer, numbers, open_now

    def connection_made(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._open_now.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._open_now.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        for _ in range(data.count(b"\r\n\r\n")):
            self._answer(self._transport, next(self._numbers))


@asynccontextmanager
async def server(answer: Answer) -> AsyncIterator[int]:
    """The port of such a peer; all its connections are gone at the end."""
    numbers, open_now = itertools.count(), set()
    listening = await asyncio.get_running_loop().create_server(
        lambda: Peer(answer, numbers, open_now), "127.0.0.1", 0
    )
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        for transport in tuple(open_now):
            transport.abort()
        while open_now:
            await asyncio.sleep(0)


def loaded(answer: Answer, **changes: object) -> LoadResult:
    """What the generator says of such a server."""

    async def load() -> LoadResult:
        async with server(answer) as port:
            job = {"customers": 10, "connections": 4, "seconds": 0.4, "warm_up_seconds": 0.1}
            return await run(LoadJob(target="hello", port=port, **(job | changes)))

    return asyncio.run(load())


def at_once(writer: asyncio.Transport, _: int) -> None:
    writer.write(WORLD)


def test_percentiles_are_samples_by_rank() -> None:
    found = latency_of([number / 1e3 for number in range(1_000, 0, -1)])
    assert found is not None
    assert (found.p50, found.p95, found.p99, found.p999) == pytest.approx((500, 950, 990, 999))
    assert found.worst == pytest.approx(1_000)


def test_no_samples_have_no_percentiles() -> None:
    assert latency_of([]) is None


def test_a_closed_loop_counts_right_answers() -> None:
    result = loaded(at_once)
    assert result.errors == {}
    assert result.answers_per_second == pytest.approx(result.answers / 0.4)
    assert result.answers > 20
    assert 0.0 < result.generator_cpu_share <= 1.1


def test_a_refusal_is_an_error_and_no_answer() -> None:
    def every_other(writer: asyncio.Transport, number: int) -> None:
        writer.write(BUSY if number % 2 else WORLD)

    result = loaded(every_other)
    assert set(result.errors) == {"status 503"}
    assert result.errors["status 503"] == pytest.approx(result.answers, abs=4)


def test_an_answer_in_pieces_is_one_answer() -> None:
    def in_pieces(writer: asyncio.Transport, _: int) -> None:
        writer.write(WORLD[:20])
        rest = (WORLD[20:45], WORLD[45:])
        loop = asyncio.get_running_loop()
        for delay, piece in enumerate(rest, start=1):
            loop.call_later(delay * 0.005, writer.write, piece)

    result = loaded(in_pieces)
    assert result.errors == {}
    assert result.latency_ms is not None
    assert result.latency_ms.p50 > 9.0


def test_a_lost_connection_is_an_error_and_asked_again() -> None:
    def hang_up_at_times(writer: asyncio.Transport, number: int) -> None:
        if number % 10 == 9:
            writer.close()
        else:
            writer.write(WORLD)

    result = loaded(hang_up_at_times)
    assert set(result.errors) == {"connection lost"}
    assert result.answers > 10


def test_what_is_never_answered_is_an_error() -> None:
    def silent(writer: asyncio.Transport, number: int) -> None:
        if number < 4:
            writer.write(WORLD)

    result = loaded(silent, seconds=0.2, warm_up_seconds=0.0, answer_within_seconds=0.1)
    assert (result.answers, result.errors) == (4, {"unanswered": 4})


def test_an_open_loop_keeps_its_rate() -> None:
    result = loaded(at_once, rate=200.0, seconds=0.5)
    assert result.errors == {}
    assert result.answers == pytest.approx(100, abs=1)


def test_an_open_loop_charges_a_stall_to_everybody_who_came_meanwhile() -> None:
    """A closed loop would see four slow answers, one per connection."""
    stalled_until: list[float] = []

    def stall_once(writer: asyncio.Transport, number: int) -> None:
        loop = asyncio.get_running_loop()
        if number == 40:
            stalled_until.append(loop.time() + 0.3)
        if stalled_until and loop.time() < stalled_until[0]:
            loop.call_at(stalled_until[0], writer.write, WORLD)
        else:
            writer.write(WORLD)

    result = loaded(stall_once, rate=200.0, seconds=0.9, most_connections=4)
    assert result.latency_ms is not None
    assert sum(result.errors.values()) == 0
    # 60 of 180 came during the stall, the first of them waited for all of it.
    assert result.latency_ms.p95 > 200.0
    assert result.waited_for_connection >= 40


def test_an_open_loop_opens_connections_when_all_are_busy() -> None:
    def slowly(writer: asyncio.Transport, _: int) -> None:
        asyncio.get_running_loop().call_later(0.1, writer.write, WORLD)

    result = loaded(slowly, rate=200.0, seconds=0.5, connections=1)
    assert result.errors == {}
    assert result.connections >= 15
