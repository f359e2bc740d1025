"""Turns decisions away before they are routed, while every place is taken."""

from __future__ import annotations

from litestar.types import ASGIApp, Receive, Scope, Send

from service.api.admission import ROUTE, Admission


class FrontDoor:
    """Wraps an ASGI application; a spelling it does not know is turned away after routing.

    Under three times the load it can bear a worker refuses twice for every answer: what a refusal
    costs is taken from the answers.
    """

    def __init__(self, app: ASGIApp, admission: Admission) -> None:
        self._app, self._admission = app, admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, or refuse it."""
        is_decision = scope.get("path") == ROUTE and scope.get("method") == "POST"
        if is_decision and self._admission.is_full:
            scope["path_template"] = ROUTE
            await self._admission.refuse(send)
            return
        await self._app(scope, receive, send)
