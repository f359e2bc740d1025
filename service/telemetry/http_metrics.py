"""Counts and times every HTTP answer, also those no handler gave."""

from __future__ import annotations

from time import perf_counter
from types import TracebackType

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from service.telemetry.metrics import Metrics

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNMATCHED = "unmatched"
ABORTED = "aborted"
"""The client went away before anything was answered: nobody's error."""
FAILED = "500"


class HttpMetrics:
    """Wraps an ASGI application; labels come from its own routes, never from what a client sent."""

    def __init__(self, app: ASGIApp, metrics: Metrics, routes: frozenset[str]) -> None:
        self._app, self._metrics, self._routes = app, metrics, routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request and observe it, also when it failed."""
        started, answer = perf_counter(), _Answer(send)
        self._metrics.http_requests_in_flight.inc()
        try:
            with answer:
                await self._app(scope, receive, answer.send)
        finally:
            self._metrics.http_requests_in_flight.dec()
            self._observe(scope, answer.status, perf_counter() - started)

    def _observe(self, scope: Scope, status: str, seconds: float) -> None:
        route = self._route(scope)
        method = str(scope.get("method"))
        method = method if method in METHODS else "other"
        self._metrics.http_requests[method, route, status].inc()
        self._metrics.http_request_duration[method, route].observe(seconds)

    def _route(self, scope: Scope) -> str:
        """The template routing found; for a method the address does not have, the address."""
        path = scope.get("path", "").rstrip("/") or "/"
        for candidate in (scope.get("path_template", UNMATCHED), path):
            if candidate in self._routes:
                return candidate
        return UNMATCHED


class _Answer:
    """What became of a request: the status that was sent, or that serving it failed."""

    def __init__(self, send: Send) -> None:
        self._send, self.status = send, ABORTED

    async def send(self, message: Message) -> None:
        """Pass it on; the first message brings the status."""
        if message["type"] == "http.response.start":
            self.status = str(message["status"])
        await self._send(message)

    def __enter__(self) -> None:
        """Nothing is answered yet."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """An error is ours, whatever was sent before it; a request that was cancelled is not."""
        if isinstance(error, Exception):
            self.status = FAILED
