"""Work beside the answers that must not end silently: what nobody awaits, nobody would miss."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from service.telemetry.logging import Log
from service.telemetry.metrics import Metrics

Work = Callable[[], Awaitable[None]]
RESTART_SECONDS = 1.0


@asynccontextmanager
async def kept_going(name: str, work: Work, metrics: Metrics, log: Log) -> AsyncIterator[None]:
    """Runs the work as long as the block lasts; when it raises, that is counted, logged, and the
    work begun again.
    """
    metrics.background_failures[name,].inc(0)  # an increase is seen from zero only
    task = asyncio.create_task(_again_and_again(name, work, metrics, log))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _again_and_again(name: str, work: Work, metrics: Metrics, log: Log) -> None:
    while True:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - whatever it was, the next look may succeed
            metrics.background_failures[name,].inc()
            log.error("background_work_failed", work=name, error=type(error).__name__)
        await asyncio.sleep(RESTART_SECONDS)
