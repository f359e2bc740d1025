"""The one table from errors to RFC 9457 problem+json; no stack trace, no personal data leaves."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap

from service.api.wire import CheckAnswer, Fault, Problem
from service.errors import (
    ContentRefused,
    DecisionUnknown,
    DependencyUnavailable,
    LogUnavailable,
    Misdirected,
    NotAuthenticated,
    NotAuthorised,
    OfferUnknown,
    RecordDamaged,
    RecordGone,
    RecordUnreadable,
    RequestConflict,
    RequestInvalid,
    ServiceError,
)
from service.telemetry.logging import Log

MEDIA_TYPE = "application/problem+json"
Kind = tuple[str, str, str]
"""Slug of the problem type, title, and detail where the error brings none."""
PROBLEMS: dict[int, Kind] = {
    400: ("request-invalid", "The request breaks the contract", ""),
    401: ("not-authenticated", "Nobody can be told from the request", "Send a bearer token."),
    403: ("not-authorised", "Whoever asks may not", "See docs/access.md for scopes."),
    404: ("not-found", "There is nothing at this address", "See /schema for what there is."),
    405: ("method-not-allowed", "The address exists, but not for this method", "See /schema."),
    409: ("request-id-taken", "The request id was used for another request", "Choose a new one."),
    410: ("gone", "This can no longer be told", "It was erased, or is no longer kept."),
    408: ("request-too-slow", "The request did not arrive in time", "Send it again."),
    413: (
        "request-too-large",
        "The request body is too large",
        "Send at most 64 KiB (outcomes: 1 MiB).",
    ),
    415: ("not-json", "The body is said to be no JSON", "Send application/json."),
    421: ("misdirected", "The request was meant for another host", "Ask 127.0.0.1."),
    500: ("internal-error", "Something failed here", "It is logged; try again."),
    503: ("not-ready", "The service is not ready", "See checks."),
}
OVERLOADED: Kind = (
    "too-many-in-flight",
    "Too many requests are in flight",
    "Retry after a second.",
)
UNAVAILABLE: Kind = (
    "dependency-unavailable",
    "Something the answer needs cannot be had now",
    "Try again.",
)
NOT_ON_RECORD: Kind = (
    "not-on-record",
    "No such decision, or no such offer in it, is on record",
    "Copy the ids of an answer.",
)
_STATUSES: dict[type[ServiceError], tuple[int, Kind]] = {
    NotAuthenticated: (401, PROBLEMS[401]),
    NotAuthorised: (403, PROBLEMS[403]),
    ContentRefused: (415, PROBLEMS[415]),
    Misdirected: (421, PROBLEMS[421]),
    DependencyUnavailable: (503, UNAVAILABLE),
    LogUnavailable: (503, UNAVAILABLE),
    RequestConflict: (409, PROBLEMS[409]),
    DecisionUnknown: (404, NOT_ON_RECORD),
    OfferUnknown: (404, NOT_ON_RECORD),
    RecordGone: (410, PROBLEMS[410]),
    RecordUnreadable: (410, PROBLEMS[410]),
    RecordDamaged: (410, PROBLEMS[410]),
}
REALM = 'Bearer realm="nbo"'


@dataclass(frozen=True)
class Refusal:
    """An answer as status, headers and body, for those who answer without the framework."""

    status: int
    headers: dict[str, str]
    body: bytes


def refusal_of(error: ServiceError) -> Refusal:
    """The answer to one of the errors that say who may not, or what is missing."""
    places = (_STATUSES[kind] for kind in type(error).__mro__ if kind in _STATUSES)
    status, kind = next(places, (500, PROBLEMS[500]))
    headers = {"Content-Type": MEDIA_TYPE, "Cache-Control": "no-store"}
    if isinstance(error, NotAuthenticated):
        headers["WWW-Authenticate"] = REALM + (', error="invalid_token"' if error.is_told else "")
    elif isinstance(error, NotAuthorised):
        named = f', scope="{error.scope}"' if error.scope else ""
        headers["WWW-Authenticate"] = f'{REALM}, error="insufficient_scope"{named}'
    elif status == 503:
        headers["Retry-After"] = "1"
    detail = "" if status == 500 else str(error)
    return Refusal(status, headers, problem_bytes(status, kind, detail=detail))


def problem_response(
    status: int,
    *,
    detail: str = "",
    pointer: str | None = None,
    errors: list[Fault] | None = None,
    checks: list[CheckAnswer] | None = None,
    headers: dict[str, str] | None = None,
) -> Response[bytes]:
    """The answer for one status; one outside the table counts as request-invalid or ours."""
    kind = PROBLEMS.get(status) or PROBLEMS[400 if status < 500 else 500]
    body = problem_bytes(status, kind, detail=detail, pointer=pointer, errors=errors, checks=checks)
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
    errors: list[Fault] | None = None,
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
            errors=errors,
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
        **dict.fromkeys(_STATUSES, _refused_access),
        HTTPException: _refused,
        Exception: unexpected,
    }


def _request_invalid(_: Request[Any, Any, Any], error: RequestInvalid) -> Response[bytes]:
    errors = [Fault(pointer=it.pointer, detail=str(it)) for it in error.faults]
    return problem_response(400, detail=str(error), pointer=error.pointer, errors=errors or None)


def _refused_access(_: Request[Any, Any, Any], error: ServiceError) -> Response[bytes]:
    refusal = refusal_of(error)
    return Response(refusal.body, status_code=refusal.status, headers=refusal.headers)


def _refused(_: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    headers = dict(error.headers or {})
    if "GET" in headers.get("allow", ""):
        headers["allow"] += ", HEAD"
    return problem_response(error.status_code, headers=headers)


def _where(error: Exception) -> list[str]:
    """File, line and function of the innermost frames: code only, no values."""
    frames = traceback.extract_tb(error.__traceback__)[-5:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
