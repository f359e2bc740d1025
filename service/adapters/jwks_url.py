"""Public keys from the address of an identity provider, fetched beside the answers."""

from __future__ import annotations

import asyncio
import time
import urllib.request
from collections.abc import Callable
from http.client import HTTPException, HTTPMessage
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

from service.adapters.jwt_keys import MOST_BYTES, KeySet, parse_keys
from service.errors import DependencyUnavailable, SettingsInvalid
from service.settings import is_loopback

REFRESH_SECONDS = 300.0
RETRY_SECONDS = 5.0
"""Until the first keys have come."""
FLOOR_SECONDS = 10.0
"""Tokens with unknown keys make us ask at most so often."""
FETCH_SECONDS = 5.0
CONNECT_SECONDS = 2.0
WAIT_SECONDS = 0.25
"""The longest a request waits for keys; the fetch goes on without it."""


class JwksUrl:
    """A cached JWKS; while its address does not answer, the last keys stay in force."""

    def __init__(self, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._url, self._clock = url, clock
        self._opener = _opener(url)
        self._asked_at = -FLOOR_SECONDS
        self._fetching: asyncio.Task[None] | None = None
        self.keys = KeySet()

    async def open(self) -> None:
        """Ask for the first time; nobody answering is no reason not to start."""
        try:
            await self.look()
        except DependencyUnavailable:
            return

    async def run(self) -> None:
        """Ask again and again until cancelled; raises when the address does not answer."""
        while True:
            await asyncio.sleep(REFRESH_SECONDS if self.keys.keys else RETRY_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Take over what the address holds now; `DependencyUnavailable` when it holds no keys."""
        self._asked_at = self._clock()
        self._set(await asyncio.to_thread(self._fetch))

    async def look_for_unknown(self) -> None:
        """Ask because of a key nobody knows: once per floor, and never longer than a moment."""
        if self._fetching is None:
            if self._clock() - self._asked_at < FLOOR_SECONDS:
                return
            self._fetching = asyncio.create_task(self._look_quietly())
        await asyncio.wait({self._fetching}, timeout=WAIT_SECONDS)

    async def _look_quietly(self) -> None:
        try:
            await self.look()
        except DependencyUnavailable:
            return  # `run` tells; here it only means that the key stays unknown
        finally:
            self._fetching = None

    def _set(self, keys: KeySet) -> None:
        if keys != self.keys:  # the same keys again must not empty the verifier's memory
            self.keys = keys

    def _fetch(self) -> KeySet:
        deadline = time.monotonic() + FETCH_SECONDS
        content = b""
        try:
            with self._opener.open(self._url, timeout=CONNECT_SECONDS) as answer:
                while part := answer.read1(64 * 1024):
                    content += part
                    if len(content) > MOST_BYTES or time.monotonic() > deadline:
                        raise DependencyUnavailable("NBO_JWKS_URL sends too much or too slowly")
        except (OSError, HTTPException, ValueError) as error:
            if isinstance(error, HTTPError):
                error.close()
            raise DependencyUnavailable(
                f"NBO_JWKS_URL does not answer ({type(error).__name__}): the last keys stay"
            ) from None
        return _usable(content)


def _usable(content: bytes) -> KeySet:
    try:
        return parse_keys(content, source="NBO_JWKS_URL")
    except SettingsInvalid as error:
        raise DependencyUnavailable(f"{error}: the last keys stay") from None


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect could lead away from https; none is followed."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        """Nowhere."""
        return


def _opener(url: str) -> Any:
    handlers: list[urllib.request.BaseHandler] = [_NoRedirects()]
    if is_loopback(urlsplit(url).hostname or ""):
        handlers.append(urllib.request.ProxyHandler({}))
    return urllib.request.build_opener(*handlers)
