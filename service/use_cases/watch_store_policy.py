"""A store that drops keys when it is full forgets refusals: the service is not ready on one."""

from __future__ import annotations

import asyncio
from typing import Protocol

SAFE = "noeviction"
LOOK_SECONDS = 30.0


class EvictionPolicySource(Protocol):
    """Whoever can say what the store does when it is full."""

    async def eviction_policy(self) -> str | None:
        """The name of the policy; None when it cannot be told now."""


class Verdict(Protocol):
    """Where the readiness check is reported."""

    def __call__(self, *, passed: bool, detail: str) -> None:
        """Set the check."""


class WatchStorePolicy:
    """Judges at start and twice a minute; a store that does not answer leaves the last verdict."""

    def __init__(self, store: EvictionPolicySource, verdict: Verdict) -> None:
        self._store, self._verdict = store, verdict

    async def start(self) -> None:
        """Judge once; nobody answering is no reason not to start."""
        self._verdict(passed=True, detail="the store does not tell its eviction policy")
        await self.look()

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Judge what the store says now."""
        policy = await self._store.eviction_policy()
        if policy == SAFE:
            self._verdict(passed=True, detail=f"maxmemory-policy {policy}")
        elif policy is not None:
            detail = f"maxmemory-policy {policy} drops refusals when memory is full: set {SAFE}"
            self._verdict(passed=False, detail=detail)
