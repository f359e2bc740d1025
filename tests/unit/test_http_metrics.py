"""What counts as whose fault: a client that went away is nobody's error."""

from __future__ import annotations

import asyncio

import pytest
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from service.telemetry.http_metrics import HttpMetrics
from service.telemetry.metrics import Metrics

SCOPE: Scope = {"type": "http", "method": "POST", "path_template": "/v1/decisions"}  # type: ignore[typeddict-item]


async def silent(scope: Scope, receive: Receive, send: Send) -> None:
    """Ends without an answer, as when the client disconnects while its body is read."""


async def failing(scope: Scope, receive: Receive, send: Send) -> None:
    """Raises before anything was answered."""
    raise RuntimeError


async def failing_midway(scope: Scope, receive: Receive, send: Send) -> None:
    """Raises after it began a good answer."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise RuntimeError


async def cancelled(scope: Scope, receive: Receive, send: Send) -> None:
    """Is stopped before anything was answered."""
    raise asyncio.CancelledError


async def nothing() -> Message:
    """No message ever comes."""
    return {"type": "http.disconnect"}


async def nowhere(message: Message) -> None:
    """Nobody listens."""


def counted(metrics: Metrics, status: str) -> float | None:
    """How often this status was counted."""
    labels = {"method": "POST", "route": "/v1/decisions", "status": status}
    return metrics.registry.get_sample_value("nbo_http_requests_total", labels)


def test_a_client_that_disconnects_is_counted_as_aborted() -> None:
    metrics = Metrics()
    app = HttpMetrics(silent, metrics, frozenset({"/v1/decisions"}))
    asyncio.run(app(SCOPE, nothing, nowhere))
    assert counted(metrics, "aborted") == 1
    assert counted(metrics, "500") is None


@pytest.mark.parametrize("raising", [failing, failing_midway])
def test_an_application_that_raises_is_counted_as_a_500(raising: ASGIApp) -> None:
    metrics = Metrics()
    app = HttpMetrics(raising, metrics, frozenset({"/v1/decisions"}))
    with pytest.raises(RuntimeError):
        asyncio.run(app(SCOPE, nothing, nowhere))
    assert counted(metrics, "500") == 1
    assert counted(metrics, "200") is None


def test_a_request_that_is_cancelled_is_counted_as_aborted() -> None:
    metrics = Metrics()
    app = HttpMetrics(cancelled, metrics, frozenset({"/v1/decisions"}))
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(app(SCOPE, nothing, nowhere))
    assert counted(metrics, "aborted") == 1
    assert metrics.registry.get_sample_value("nbo_http_requests_in_flight") == 0
