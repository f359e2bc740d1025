"""Keys from a real server: fetched, refreshed, bounded, and never waited for long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator

import pytest

from service.adapters.jwks_url import FLOOR_SECONDS, WAIT_SECONDS, JwksUrl
from service.adapters.jwt_keys import MOST_BYTES
from service.adapters.jwt_verifier import JwtVerifier
from service.errors import DependencyUnavailable, NotAuthenticated
from tests.access_tokens import AUDIENCE, Issuer, jwks
from tests.jwks_server import KeyServer, key_server
from tests.moved_clock import MovedClock

OLD, NEW = Issuer("old"), Issuer("new")


async def opened(
    url: str, clock: Callable[[], float] = time.monotonic
) -> tuple[JwksUrl, JwtVerifier]:
    """Keys from this address, asked for once, and whoever believes their tokens."""
    source = JwksUrl(url, clock=clock)
    await source.open()
    return source, JwtVerifier(source, audience=AUDIENCE)


@pytest.fixture
def server() -> Iterator[KeyServer]:
    with key_server(jwks(OLD)) as running:
        yield running


def test_keys_are_fetched_once_and_serve_every_token(server: KeyServer) -> None:
    async def live() -> None:
        _, verifier = await opened(server.url)
        for _ in range(3):
            assert await verifier.principal(OLD.token().encode())

    asyncio.run(live())
    assert server.asked == 1


def test_a_new_key_is_found_at_its_first_token_and_unknown_ones_ask_once_per_floor(
    server: KeyServer,
) -> None:
    clock = MovedClock()

    async def live() -> None:
        _, verifier = await opened(server.url, clock)
        server.content = jwks(OLD, NEW)
        clock.now += FLOOR_SECONDS
        assert await verifier.principal(NEW.token().encode())
        assert server.asked == 2
        for number in range(20):
            with pytest.raises(NotAuthenticated):
                await verifier.principal(Issuer(f"unknown-{number}").token().encode())
        assert server.asked == 2

    asyncio.run(live())


def test_the_same_keys_fetched_again_forget_no_token(server: KeyServer) -> None:
    async def live() -> None:
        source, verifier = await opened(server.url)
        token = OLD.token().encode()
        first = await verifier.principal(token)
        await source.look()
        assert await verifier.principal(token) is first
        server.content = jwks(NEW)
        await source.look()
        with pytest.raises(NotAuthenticated):
            await verifier.principal(token)

    asyncio.run(live())


def test_a_server_that_hangs_costs_a_request_a_moment_and_others_nothing(
    server: KeyServer,
) -> None:
    clock = MovedClock()

    async def live() -> None:
        source, verifier = await opened(server.url, clock)
        clock.now += FLOOR_SECONDS
        server.let_go.clear()
        server.content = jwks(OLD, NEW)
        token = NEW.token().encode()
        begun = time.monotonic()
        asked = [asyncio.create_task(verifier.principal(token)) for _ in range(5)]
        assert await verifier.principal(OLD.token().encode())
        assert time.monotonic() - begun < WAIT_SECONDS
        results = await asyncio.gather(*asked, return_exceptions=True)
        assert time.monotonic() - begun < WAIT_SECONDS + 1.0
        assert all(isinstance(result, NotAuthenticated) for result in results)
        server.let_go.set()
        while source.keys.candidates("new") == ():
            await asyncio.wait({asyncio.create_task(source.look_for_unknown())})
        assert await verifier.principal(token)

    asyncio.run(live())
    assert server.asked == 2


@pytest.mark.parametrize(
    ("status", "content"),
    [(500, b""), (404, b""), (200, b"junk"), (200, b'{"keys": []}'), (200, b" " * MOST_BYTES * 2)],
    ids=["failed", "gone", "junk", "none", "endless"],
)
def test_an_answer_without_keys_leaves_the_last_ones_in_force(
    server: KeyServer, status: int, content: bytes
) -> None:
    async def live() -> None:
        source, verifier = await opened(server.url)
        server.status, server.content = status, content
        with pytest.raises(DependencyUnavailable, match="NBO_JWKS_URL"):
            await source.look()
        assert await verifier.principal(OLD.token().encode())

    asyncio.run(live())


def test_a_redirect_is_not_followed(server: KeyServer) -> None:
    with key_server(jwks(NEW)) as other:
        server.status, server.location = 302, other.url
        with pytest.raises(DependencyUnavailable):
            asyncio.run(JwksUrl(server.url).look())
        assert other.asked == 0


def test_a_server_that_is_down_at_the_start_is_no_reason_not_to_start() -> None:
    with key_server(jwks(OLD)) as gone:
        url = gone.url

    async def live() -> None:
        _, verifier = await opened(url)
        with pytest.raises(DependencyUnavailable, match="has come yet"):
            await verifier.principal(OLD.token().encode())

    asyncio.run(live())
