"""The last moments of a worker: it still answers, and closes every connection it answers on."""

from __future__ import annotations

from litestar.types import ASGIApp, Message, Receive, Scope, Send

CLOSE = (b"connection", b"close")


class Farewell:
    """Wraps an ASGI application; once begun, no client is led to reuse its connection."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.has_begun = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request."""
        if not self.has_begun:
            await self._app(scope, receive, send)
            return

        async def closing(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], CLOSE]
            await send(message)

        await self._app(scope, receive, closing)
