"""Features of another contract or other products are of no use: the service says so."""

from __future__ import annotations

import asyncio
from typing import Protocol

LOOK_SECONDS = 5.0


class LoadedFeatures(Protocol):
    """Whoever can say what the last load brought."""

    async def misfit(self) -> str | None:
        """Why it does not fit; empty when it does or nothing is loaded; None when not told."""


class Verdict(Protocol):
    """Where the readiness check is reported."""

    def __call__(self, *, passed: bool, detail: str) -> None:
        """Set the check."""


class WatchLoadedFeatures:
    """Judges at start and every few seconds; a silent store leaves the last verdict."""

    def __init__(self, loaded: LoadedFeatures, verdict: Verdict) -> None:
        self._loaded, self._verdict = loaded, verdict

    async def start(self) -> None:
        """Judge once; nobody answering is no reason not to start."""
        self._verdict(passed=True, detail="the store does not tell what is loaded")
        await self.look()

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Judge what stands in the store now."""
        misfit = await self._loaded.misfit()
        if misfit is not None:
            self._verdict(passed=not misfit, detail=misfit or "no load of another kind")
