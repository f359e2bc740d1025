"""Notices when the event loop stands still: whoever waits on it waits as long."""

from __future__ import annotations

import asyncio

from service.telemetry.logging import Log
from service.telemetry.metrics import Metrics

INTERVAL_SECONDS = 0.1
STALL_SECONDS = 0.5


class LoopWatch:
    """Sleeps a tenth of a second at a time and measures how much longer it took."""

    def __init__(self, metrics: Metrics, log: Log) -> None:
        self._metrics, self._log = metrics, log

    async def run(self) -> None:
        """Watch until cancelled; a stall is measured when over, and logged when it was long."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + INTERVAL_SECONDS
            await asyncio.sleep(INTERVAL_SECONDS)
            late = max(0.0, loop.time() - due)
            self._metrics.loop_delay.observe(late)
            if late > STALL_SECONDS:
                self._log.warning("event_loop_stalled", seconds=round(late, 3))
