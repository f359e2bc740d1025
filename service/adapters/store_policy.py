"""What Redis does when its memory is full, as it says itself."""

from __future__ import annotations

from typing import Any, cast

import hiredis

from service.adapters.redis_wire import RedisWire, WireError

WITHIN_SECONDS = 1.0
FIELD = b"maxmemory_policy:"


class StorePolicy:
    """Asks a Redis for its eviction policy, also one whose configuration is closed to clients."""

    def __init__(self, wire: RedisWire) -> None:
        self._wire = wire

    async def eviction_policy(self) -> str | None:
        """Its name, such as `noeviction`; None when nobody answers or the answer does not say."""
        try:
            configured = await self._ask("CONFIG", "GET", "maxmemory-policy")
            if isinstance(configured, list) and len(configured) > 1:
                return cast("bytes", configured[1]).decode()
            return _told_by(await self._ask("INFO", "memory"))
        except WireError:
            return None

    async def _ask(self, *command: str) -> Any:
        packed = hiredis.pack_command(cast("Any", command))
        (reply,) = await self._wire.read(packed, 1, within_seconds=WITHIN_SECONDS)
        return reply


def _told_by(memory: Any) -> str | None:
    """The policy among the lines of `INFO memory`; an error reply tells nothing."""
    lines = memory.splitlines() if isinstance(memory, bytes) else []
    found = (line.removeprefix(FIELD) for line in lines if line.startswith(FIELD))
    return next((policy.decode() for policy in found), None)
