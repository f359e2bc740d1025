"""An adapter over Redis, used as the service uses it: on its event loop and a wire of its own."""

from __future__ import annotations

import asyncio
import io
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import uvloop

from service.adapters.redis_address import redis_address
from service.adapters.redis_wire import RedisWire
from service.telemetry.logging import Log, open_log
from service.telemetry.metrics import Metrics

Adapter = TypeVar("Adapter")
T = TypeVar("T")


@dataclass
class AdapterUnderTest(ABC, Generic[Adapter]):
    """An adapter and what it told; each `run` is one worker's life."""

    url: str
    metrics: Metrics = field(default_factory=Metrics)
    stream: io.BytesIO = field(default_factory=io.BytesIO)

    @abstractmethod
    def made(self, wire: RedisWire, log: Log) -> Adapter:
        """The adapter as the service makes it."""

    def run(self, use: Callable[[Adapter], Awaitable[T]]) -> T:
        """Use the adapter in an event loop like the service's."""

        async def session() -> T:
            wire = RedisWire(redis_address(self.url))
            try:
                return await use(self.made(wire, open_log(self.stream, level="info")))
            finally:
                await wire.aclose()
                await asyncio.sleep(0)

        return in_service_loop(session())

    @property
    def log(self) -> str:
        """Everything logged."""
        return self.stream.getvalue().decode()


def in_service_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run on the loop the service runs on."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)
