"""Log lines: one JSON object each, on the stream given, never with an id of a person."""

from __future__ import annotations

from typing import Any, BinaryIO, cast

import msgspec
import structlog

from service.telemetry.line_writer import LineStream

Log = structlog.typing.FilteringBoundLogger
LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def open_log(stream: LineStream, *, level: str) -> Log:
    """A logger of its own: nothing global is configured, so tests and commands never collide."""
    log: Log = structlog.wrap_logger(
        structlog.BytesLogger(cast("BinaryIO", stream)),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.JSONRenderer(serializer=_to_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        cache_logger_on_first_use=True,
    )
    return log


def _to_json(event: Any, **_: Any) -> bytes:
    return msgspec.json.encode(event)
