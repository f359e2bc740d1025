"""Tells who asks before anything else is done; without a token only what all may know."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

from litestar import Request
from litestar.types import ASGIApp, Receive, Scope, Send

from service.api.problems import Refusal, refusal_of
from service.api.wire import DecisionRequest
from service.domain.principal import LOCAL, Principal, Visibility
from service.errors import ContentRefused, Misdirected, NotAuthenticated, ServiceError
from service.settings import Settings, is_loopback

OPEN_PATHS = frozenset(
    {"/health/live", "/health/ready", "/metrics", "/schema", "/schema/openapi.json"}
)
"""Answered to anybody who can reach the port; they tell nothing about customers."""
RESERVED_ENDS = (".local", ".localhost", ".test", ".internal")
PRINCIPAL_KEY = "user"
BEARER = b"bearer "
_HEADERS = frozenset({b"authorization", b"content-type", b"host", b"origin"})
_JSON = b"application/json"


class Verifier(Protocol):
    """Who a token speaks of."""

    async def principal(self, token: bytes) -> Principal:
        """The principal; raises `NotAuthenticated` or `DependencyUnavailable`."""


@dataclass(frozen=True)
class Access:
    """Who may come in: with a `verifier` bearers of tokens; without, everybody, as `LOCAL`.

    `own_host` set = this is a service for its own machine, where nobody has to authenticate: only
    requests for it or for loopback are answered, so that a page in a browser here, whose name was
    rebound to this machine, is not.
    """

    verifier: Verifier | None = None
    own_host: str | None = None

    @classmethod
    def of(cls, settings: Settings, verifier: Verifier | None) -> Access:
        """What the settings ask for; `insecure` leaves the question to whoever stands in front."""
        is_local = verifier is None and is_loopback(settings.host) and not settings.insecure
        return cls(verifier, settings.host if is_local else None)

    async def principal(self, headers: Iterable[tuple[bytes, bytes]]) -> Principal:
        """Whoever sent these headers; raises `NotAuthenticated` or `Misdirected`."""
        told = [(name, value) for name, value in headers if name in _HEADERS]
        if self.verifier is not None:
            return await self.verifier.principal(_token(told))
        if self.own_host is not None:
            self._require_own(told)
        return LOCAL

    def _require_own(self, told: list[tuple[bytes, bytes]]) -> None:
        for name, value in told:
            if name == b"host":
                host = _host_of("//" + value.decode("latin-1"))
                if not (self._is_own(host) or _is_private_name(host)):
                    raise Misdirected(
                        "this service answers for its own machine only: ask 127.0.0.1, localhost"
                        " or the address in NBO_HOST"
                    )
            if name == b"origin" and not self._is_own(_host_of(value.decode("latin-1"))):
                raise Misdirected("pages of other sites may not ask this service")

    def _is_own(self, host: str) -> bool:
        return is_loopback(host) or host == self.own_host


def _host_of(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _is_private_name(host: str) -> bool:
    """Whether no public name server can point the name here: it has one part, or ends in one that
    is reserved (RFC 6761 and 6762, ICANN resolution 2024.07.29.06).
    """
    name = host.rstrip(".").lower()
    return bool(name) and ("." not in name or name.endswith(RESERVED_ENDS)) and ":" not in name


class Authentication:
    """Wraps an ASGI application: behind it every request has a principal, or a public address."""

    def __init__(self, app: ASGIApp, access: Callable[[], Access]) -> None:
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, or say why not."""
        if (scope["path"].rstrip("/") or "/") not in OPEN_PATHS:
            try:
                known: Any = await self._access().principal(scope["headers"])
                if scope.get("method") == "POST":
                    _require_json(scope["headers"])
            except ServiceError as error:
                await _refuse(send, refusal_of(error))
                return
            scope["user"] = known
        await self._app(scope, receive, send)


def principal_of(scope: Scope) -> Principal:
    """Who asks in this scope; `NotAuthenticated` where nobody was let in."""
    found = scope.get(PRINCIPAL_KEY)
    if not isinstance(found, Principal):
        raise NotAuthenticated("no bearer token", is_told=False)
    return found


def asking(request: Request[Any, Any, Any]) -> Principal:
    """Who sent this request."""
    return principal_of(request.scope)


def authorise_decision(principal: Principal, asked: DecisionRequest, now: datetime) -> Visibility:
    """What of the answer may be seen; `NotAuthorised` where the decision may not be asked for."""
    agent = asked.on_behalf_of
    principal.require_decision(
        asked.customer_id,
        now=now,
        agent_id=agent.agent_id if agent else None,
        call_id=agent.call_id if agent else None,
        is_dry_run=asked.mode == "dry_run",
    )
    return principal.visibility(explain=asked.explain, on_behalf_of=agent is not None)


def _token(told: list[tuple[bytes, bytes]]) -> bytes:
    values = [value for name, value in told if name == b"authorization"]
    if not values:
        raise NotAuthenticated(
            "no bearer token: send one as `Authorization: Bearer …`", is_told=False
        )
    if len(values) > 1:
        raise NotAuthenticated("more than one Authorization header: send one")
    scheme, token = values[0][: len(BEARER)], values[0][len(BEARER) :].strip()
    if scheme.lower() != BEARER or not token:
        raise NotAuthenticated("the Authorization header holds no bearer token")
    return token


def _require_json(headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Forms and plain text are what foreign pages can send, and browsers name the page's `Origin`.

    Whoever names none is no browser, and may call a body a form, as `curl -d` does: it is read as
    JSON all the same.
    """
    if all(name != b"origin" for name, _ in headers):
        return
    for name, value in headers:
        if name == b"content-type" and value != _JSON:
            kind = value.partition(b";")[0].strip().lower()
            is_json = kind.startswith(b"application/") and kind.endswith(b"+json")
            if kind not in (b"", _JSON) and not is_json:
                raise ContentRefused("the body must be application/json")


async def _refuse(send: Send, refusal: Refusal) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in refusal.headers.items()]
    headers.append((b"content-length", str(len(refusal.body)).encode()))
    await send(
        {"type": "http.response.start", "status": refusal.status, "headers": headers},
    )
    await send({"type": "http.response.body", "body": refusal.body, "more_body": False})
