"""Brings every worker what was stopped anywhere: without Redis, within a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from service.domain.kill_switches import KillState

POLL_SECONDS = 0.25


class KillSwitchSource(Protocol):
    """Where the state of the switches lies."""

    def read(self) -> KillState:
        """What is stopped now; raises `DependencyUnavailable` when that cannot be told."""


class FollowKillSwitches:
    """Reads the few bytes four times a second, off the event loop; what cannot be read leaves the
    last good state in force.
    """

    def __init__(self, source: KillSwitchSource, *, adopt: Callable[[KillState], None]) -> None:
        self._source, self._adopt = source, adopt
        self._adopted: KillState | None = None
        self._looking = asyncio.Lock()
        # A thread of its own: a stop must not queue behind explanations and other long work.
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="kill-switches")

    async def start(self) -> None:
        """Adopt what is stopped before the first decision; raises when that cannot be told."""
        await self.look()

    async def run(self) -> None:
        """Look until cancelled; raises what is wrong with the source."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Adopt the state if it is another than the last one."""
        async with self._looking:  # else an older look could end after a newer one
            loop = asyncio.get_running_loop()
            state = await loop.run_in_executor(self._reader, self._source.read)
            if state != self._adopted:
                self._adopt(state)
                self._adopted = state
