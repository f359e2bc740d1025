"""A silent store costs its deadline, also on an event loop that is busy with other decisions."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import pytest

from service.adapters.redis_address import redis_address
from service.adapters.redis_wire import RedisWire, WireError

PING = b"*1\r\n$4\r\nPING\r\n"
TURN_SECONDS = 0.008
DEADLINE_SECONDS = 0.025
FAR_TOO_LONG_SECONDS = 1.0


async def busy() -> None:
    """A row of decisions, each of which takes a while."""
    while True:
        time.sleep(TURN_SECONDS)
        await asyncio.sleep(0)


async def seconds_until_given_up() -> float:
    served: list[asyncio.Task[None]] = []

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(asyncio.current_task())  # type: ignore[arg-type]
        with suppress(OSError):
            await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    wire = RedisWire(redis_address(f"redis://127.0.0.1:{port}/0"))
    with pytest.raises(WireError):  # connects
        await wire.read(PING, 1, within_seconds=DEADLINE_SECONDS)
    others = asyncio.ensure_future(busy())
    begun = time.monotonic()
    with pytest.raises(WireError):
        await wire.read(PING, 1, within_seconds=DEADLINE_SECONDS)
    seconds = time.monotonic() - begun
    others.cancel()
    await wire.aclose()
    server.close()
    await asyncio.gather(others, server.wait_closed(), *served, return_exceptions=True)
    return seconds


def test_a_silent_store_is_given_up_although_every_timer_is_late() -> None:
    assert asyncio.run(seconds_until_given_up()) < FAR_TOO_LONG_SECONDS
