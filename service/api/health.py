"""GET /health/live and /health/ready."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get

from service.api.desk import desk_of
from service.api.problems import problem_response
from service.api.wire import LiveAnswer, ReadyAnswer


@get("/health/live", sync_to_thread=False)
def live() -> LiveAnswer:
    """The process answers."""
    return LiveAnswer()


@get("/health/ready", sync_to_thread=False)
def ready(request: Request[Any, Any, Any]) -> Response[Any]:
    """Whether traffic may come: catalogue, model, one warm-up decision, and no load that does not
    fit; not whether Redis answers.
    """
    readiness = desk_of(request).readiness
    if readiness.is_ready:
        return Response(ReadyAnswer(readiness.checks))
    return problem_response(503, checks=readiness.checks)
