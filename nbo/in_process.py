"""Ask the service's own application without a socket: the same code path, one request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

Message = MutableMapping[str, Any]
Application = Callable[
    [Any, Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]
]


async def post(app: Application, path: str, document: object) -> tuple[int, bytes]:
    """Start the application, post one JSON document, stop it; status and body of the answer."""
    to_app: asyncio.Queue[Message] = asyncio.Queue()
    from_app: asyncio.Queue[Message] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    life = asyncio.ensure_future(app(scope, to_app.get, from_app.put))
    await _lifespan(life, to_app, from_app, "startup")
    try:
        return await _post(app, path, msgspec.json.encode(document), scope["state"])
    finally:
        await _lifespan(life, to_app, from_app, "shutdown")
        await life


async def _lifespan(
    life: asyncio.Future[Any],
    to_app: asyncio.Queue[Message],
    from_app: asyncio.Queue[Message],
    phase: str,
) -> None:
    await to_app.put({"type": f"lifespan.{phase}"})
    answer = asyncio.ensure_future(from_app.get())
    both: set[asyncio.Future[Any]] = {life, answer}
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    if not answer.done():
        answer.cancel()
        await life  # raises what stopped it
    elif answer.result()["type"] == f"lifespan.{phase}.failed":
        await life
        raise RuntimeError(answer.result().get("message", f"{phase} failed"))


async def _post(app: Application, path: str, body: bytes, state: object) -> tuple[int, bytes]:
    requests = [{"type": "http.request", "body": body, "more_body": False}]
    answers: list[Message] = []

    async def receive() -> Message:
        return requests.pop() if requests else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        answers.append(message)

    await app(_scope(path, body, state), receive, send)
    content = b"".join(message.get("body", b"") for message in answers[1:])
    return int(answers[0]["status"]), content


def _scope(path: str, body: bytes, state: object) -> Message:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [
            (b"host", b"localhost"),
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
        ],
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 0),
        "state": state,
    }
