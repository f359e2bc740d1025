"""The bytes of a request, within a size and a time."""

from __future__ import annotations

import asyncio

from litestar.exceptions import HTTPException
from litestar.types import Receive

MOST_BODY_BYTES = 64 * 1024
BODY_SECONDS = 10.0
TIMED_OUT, TOO_LARGE = 408, 413


async def read_body(
    receive: Receive, *, within_seconds: float = BODY_SECONDS, most_bytes: int = MOST_BODY_BYTES
) -> bytes | None:
    """The whole body; None when the client went away, a 413 or 408 when it is too much or slow."""
    try:
        async with asyncio.timeout(within_seconds):
            return await _all(receive, most_bytes)
    except TimeoutError:
        raise HTTPException(status_code=TIMED_OUT) from None


async def _all(receive: Receive, most_bytes: int) -> bytes | None:
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message.get("body", b"")
        if len(body) > most_bytes:
            raise HTTPException(status_code=TOO_LARGE)
        if not message.get("more_body"):
            return body
    return None
