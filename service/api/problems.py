"""The one table from errors to RFC 9457 problem+json; no stack trace, no personal data leaves."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap

from service.api.wire import CheckAnswer, Problem
from service.errors import RequestInvalid
from service.telemetry.logging import Log

MEDIA_TYPE = "application/problem+json"
Kind = tuple[str, str, str]
"""Slug of the problem type, title, and detail where the error brings none."""
PROBLEMS: dict[int, Kind] = {
    400: ("request-invalid", "The request breaks the contract", ""),
    404: ("not-found", "There is nothing at this address", "See /schema for what there is."),
    405: ("method-not-allowed", "The address exists, but not for this method", "See /schema."),
    408: ("request-too-slow", "The request did not arrive in time", "Send it again."),
    413: ("request-too-large", "The request body is too large", "Send at most 64 KiB."),
    500: ("internal-error", "Something failed here", "It is logged; try again."),
    503: ("not-ready", "The service is not ready", "See checks."),
}
OVERLOADED: Kind = (
    "too-many-in-flight",
    "Too many requests are in flight",
    "Retry after a second.",
)


def problem_response(
    status: int,
    *,
    detail: str = "",
    pointer: str | None = None,
    checks: list[CheckAnswer] | None = None,
    headers: dict[str, str] | None = None,
) -> Response[bytes]:
    """The answer for one status; one outside the table counts as request-invalid or ours."""
    kind = PROBLEMS.get(status) or PROBLEMS[400 if status < 500 else 500]
    body = problem_bytes(status, kind, detail=detail, pointer=pointer, checks=checks)
    return Response(
        body,
        status_code=status,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store"} | (headers or {}),
    )


def problem_bytes(
    status: int,
    kind: Kind,
    *,
    detail: str = "",
    pointer: str | None = None,
    checks: list[CheckAnswer] | None = None,
) -> bytes:
    """The document of a problem of this kind: slug, title, and detail when none is given."""
    slug, title, usual = kind
    return msgspec.json.encode(
        Problem(
            type=f"/problems/{slug}",
            title=title,
            status=status,
            detail=detail or usual,
            pointer=pointer,
            checks=checks,
        )
    )


def exception_handlers(log: Log) -> ExceptionHandlersMap:
    """What Litestar asks when a handler or the routing raised."""

    def unexpected(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        log.error("request_failed", error=type(error).__name__, where=_where(error))
        return problem_response(500)

    return {
        RequestInvalid: _request_invalid,
        HTTPException: _refused,
        Exception: unexpected,
    }


def _request_invalid(_: Request[Any, Any, Any], error: RequestInvalid) -> Response[bytes]:
    return problem_response(400, detail=str(error), pointer=error.pointer)


def _refused(_: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    headers = dict(error.headers or {})
    if "GET" in headers.get("allow", ""):
        headers["allow"] += ", HEAD"
    return problem_response(error.status_code, headers=headers)


def _where(error: Exception) -> list[str]:
    """File, line and function of the innermost frames: code only, no values."""
    frames = traceback.extract_tb(error.__traceback__)[-5:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
