"""HEAD: what GET would answer, without the body."""

from __future__ import annotations

from typing import Any

from litestar.types import ASGIApp, Message, Receive, Scope, Send


class HeadRequests:
    """Wraps an ASGI application that knows GET only; the status and headers are those of GET."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request."""
        if scope.get("method") != "HEAD":
            await self._app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        # A scope of its own: the server looks at its one while it sends, to leave out the body.
        asked: Any = {**scope, "method": "GET"}
        try:
            await self._app(asked, receive, without_body)
        finally:
            if "path_template" in asked:  # whoever counts outside learns the route
                scope["path_template"] = asked["path_template"]
