"""A bound on the decisions in flight: beyond it a refusal at once, so that the others stay fast."""

from __future__ import annotations

from litestar.types import ASGIApp, Receive, ReceiveMessage, Scope, Send

from service.api.problems import MEDIA_TYPE, OVERLOADED, problem_bytes
from service.telemetry.metrics import Metrics

ROUTE = "/v1/decisions"
STEPS = ["v1", "decisions"]
RETRY_AFTER_SECONDS = 1
STATUS = 503


class Admission:
    """Wraps an ASGI application; one more decision than `most_in_flight` is answered with 503.

    The refusal is written here, before routing and before the body is read: it has to cost little
    when there is much to refuse.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, *, most_in_flight: int) -> None:
        self._app, self._metrics, self._most = app, metrics, most_in_flight
        self._in_flight = 0
        self._body = problem_bytes(STATUS, OVERLOADED)
        self._headers = [
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", str(len(self._body)).encode()),
            (b"cache-control", b"no-store"),
            (b"retry-after", str(RETRY_AFTER_SECONDS).encode()),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve it, or refuse a decision too many."""
        if not _is_decision(scope.get("path", "")):
            await self._app(scope, receive, send)
            return
        if self._in_flight >= self._most:
            await self._refuse(scope, send)
            return

        async def receive_outside() -> ReceiveMessage:
            """A body that is slow to come takes no place from those that are here."""
            self._in_flight -= 1
            try:
                return await receive()
            finally:
                self._in_flight += 1

        self._in_flight += 1
        try:
            await self._app(scope, receive_outside, send)
        finally:
            self._in_flight -= 1

    async def _refuse(self, scope: Scope, send: Send) -> None:
        self._metrics.http_requests_shed[ROUTE,].inc()
        scope["path_template"] = ROUTE
        await send({"type": "http.response.start", "status": STATUS, "headers": self._headers})
        await send({"type": "http.response.body", "body": self._body, "more_body": False})


def _is_decision(path: str) -> bool:
    """Whether the routing, which overlooks doubled and trailing slashes, comes to a decision."""
    return path == ROUTE or [step for step in path.split("/") if step] == STEPS
