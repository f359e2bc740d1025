"""GET /metrics."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get

from service.api.desk import desk_of
from service.telemetry.metrics import CONTENT_TYPE


@get("/metrics", sync_to_thread=False)
def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Every metric in the Prometheus text format."""
    # As a header: the framework would append a second charset to a media type.
    content_type = {"Content-Type": CONTENT_TYPE}
    return Response(desk_of(request).metrics.exposition(), headers=content_type)
