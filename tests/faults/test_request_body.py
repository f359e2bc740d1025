"""A body is read whole, within a size and a time; a client that goes away is no error."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest
from litestar.exceptions import HTTPException
from litestar.types import Receive

from service.api.request_body import BODY_SECONDS, MOST_BODY_BYTES, read_body

GONE = {"type": "http.disconnect"}
PATIENCE_SECONDS = 20.0


def part(body: bytes, *, more: bool = True) -> dict:
    return {"type": "http.request", "body": body, "more_body": more}


def arriving(messages: Iterable[dict]) -> Receive:
    """These messages, and then never another one."""
    waiting = iter(messages)

    async def receive():
        for message in waiting:
            return message
        return await asyncio.Future()

    return receive


def read(*messages: dict) -> bytes | None:
    """The body; a reader without a limit of its own fails here instead of waiting for ever."""
    body = read_body(arriving(messages), within_seconds=0.05)
    return asyncio.run(asyncio.wait_for(body, PATIENCE_SECONDS))


def test_a_body_in_parts_is_one_body() -> None:
    assert read(part(b"{", more=True), part(b"}", more=False)) == b"{}"


@pytest.mark.parametrize("before", [(), (part(b"{"),)])
def test_a_client_that_goes_away_leaves_nothing_to_answer(before: tuple[dict, ...]) -> None:
    assert read(*before, GONE) is None


@pytest.mark.parametrize("begun", [(), (part(b"{"),)], ids=["headers only", "begun"])
def test_a_body_that_never_ends_is_refused_after_a_while(begun: tuple[dict, ...]) -> None:
    assert 1 <= BODY_SECONDS <= 30
    with pytest.raises(HTTPException) as refused:
        read(*begun)
    assert refused.value.status_code == 408


@pytest.mark.parametrize("parts", [1, 3])
def test_a_body_that_is_too_large_is_refused_before_its_end(parts: int) -> None:
    piece = part(b" " * (MOST_BODY_BYTES // parts + 1))
    with pytest.raises(HTTPException) as refused:
        read(*[piece] * parts)
    assert refused.value.status_code == 413
