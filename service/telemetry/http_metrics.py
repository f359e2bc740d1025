"""Counts and times every HTTP answer, also those no handler gave."""

from __future__ import annotations

from time import perf_counter

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
        started, status = perf_counter(), ABORTED

        async def noting_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        self._metrics.http_requests_in_flight.inc()
        try:
            await self._app(scope, receive, noting_status)
        except Exception:
            status = FAILED
            raise
        finally:
            self._metrics.http_requests_in_flight.dec()
            self._observe(scope, status, perf_counter() - started)

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
