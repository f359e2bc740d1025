"""An event emitter that emits nothing, for an application that listens to nothing."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from litestar.events import BaseEventEmitterBackend


class NoEvents(BaseEventEmitterBackend):
    """Runs no task group, which would wrap the one clear error of a failed start in a group."""

    async def __aenter__(self) -> NoEvents:
        """Nothing to open."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing to close."""

    def emit(self, event_id: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""
