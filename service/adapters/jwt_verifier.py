"""From a bearer token to its principal: verified once, remembered until it expires."""

from __future__ import annotations

import hashlib
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Protocol

import jwt
import msgspec
from jwt.exceptions import (
    ExpiredSignatureError,
    ImmatureSignatureError,
    InvalidAlgorithmError,
    InvalidAudienceError,
    InvalidIssuerError,
    InvalidJTIError,
    InvalidSignatureError,
    InvalidSubjectError,
    MissingRequiredClaimError,
    PyJWTError,
)

from service.adapters.jwt_keys import KeySet, VerificationKey
from service.domain.principal import AccessScope, CallGrant, Principal, PrincipalKind
from service.errors import DependencyUnavailable, NotAuthenticated

LEEWAY_SECONDS = 30
MOST_TOKEN_BYTES = 8192
MOST_REMEMBERED = 10_000
_MISSHAPEN = "the claim {} of the token has another form than docs/access.md describes"
_FAULTS: tuple[tuple[type[PyJWTError], str], ...] = (
    (ExpiredSignatureError, "the token has expired"),
    (ImmatureSignatureError, "the token is not valid yet"),
    (InvalidAudienceError, "the token is for another audience than NBO_JWT_AUDIENCE"),
    (InvalidIssuerError, "the token is by another issuer than NBO_JWT_ISSUER"),
    (MissingRequiredClaimError, "the token lacks one of exp, sub, aud"),
    (InvalidSubjectError, _MISSHAPEN.format("sub")),
    (InvalidJTIError, _MISSHAPEN.format("jti")),
)
_UNREADABLE = "the token cannot be read"
_UNKNOWN_KEY = "the token is not signed with a key known here"
_PATH = re.compile(r" - at `\$\.?([^`]*)`$")
_MISSING = re.compile(r"missing required field `(\w+)`")
_TIME = re.compile(r"\((exp|nbf|iat)\) must be")

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


class KeySource(Protocol):
    """Where the keys come from."""

    keys: KeySet

    async def open(self) -> None:
        """Get them first."""

    async def run(self) -> None:
        """Keep them fresh until cancelled."""

    async def look_for_unknown(self) -> None:
        """Look for a key just added; returns within a moment, and never raises."""


class _Call(msgspec.Struct, frozen=True):
    call_id: Name
    customer_id: Name
    until: Annotated[float, msgspec.Meta(gt=0, lt=253402300800)]


class _Claims(msgspec.Struct, frozen=True):
    sub: Name
    exp: float
    scope: str | list[str] = ""
    customer_id: Name | None = None
    calls: Annotated[list[_Call], msgspec.Meta(max_length=64)] = []
    call: _Call | None = None


class _KeyUnknown(NotAuthenticated):
    """No key known here signed the token."""


class JwtVerifier:
    """Accepts EdDSA and RS256 only, each with a key of its own kind."""

    def __init__(
        self,
        source: KeySource,
        *,
        audience: str,
        issuer: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.source = source
        self._audience, self._issuer, self._clock = audience, issuer or None, clock
        self._remembered: OrderedDict[bytes, tuple[Principal, float]] = OrderedDict()
        self._remembered_under = source.keys

    async def principal(self, token: bytes) -> Principal:
        """Who the token speaks of; `NotAuthenticated` says what is wrong with it, without it."""
        digest = hashlib.sha256(token).digest()
        known = self._recall(digest)
        if known is not None:
            return known
        try:
            return self._verify(token, digest)
        except _KeyUnknown:
            await self.source.look_for_unknown()
            return self._verify(token, digest)

    def _recall(self, digest: bytes) -> Principal | None:
        if self._remembered_under is not self.source.keys:
            self._remembered.clear()  # a key may be gone, and with it every token it signed
            self._remembered_under = self.source.keys
        found = self._remembered.get(digest)
        if found is None:
            return None
        if found[1] <= self._clock():
            del self._remembered[digest]
            return None
        self._remembered.move_to_end(digest)
        return found[0]

    def _verify(self, token: bytes, digest: bytes) -> Principal:
        claims = self._claims(token)
        known = _principal(claims)
        if self._remembered_under is self.source.keys:
            self._remembered[digest] = known, claims.exp + LEEWAY_SECONDS
            if len(self._remembered) > MOST_REMEMBERED:
                self._remembered.popitem(last=False)
        return known

    def _claims(self, token: bytes) -> _Claims:
        keys = self.source.keys
        if not keys.keys:
            raise DependencyUnavailable("no key to verify tokens with has come yet: try again")
        if len(token) > MOST_TOKEN_BYTES:
            raise NotAuthenticated(f"the token is longer than {MOST_TOKEN_BYTES} bytes")
        try:
            kid = jwt.get_unverified_header(token).get("kid")
        except (PyJWTError, ValueError, RecursionError):
            raise NotAuthenticated(_UNREADABLE) from None
        for key in keys.candidates(kid):
            content = self._content(token, key)
            if content is not None:
                return _typed(content)
        raise _KeyUnknown(_UNKNOWN_KEY)

    def _content(self, token: bytes, key: VerificationKey) -> dict[str, Any] | None:
        """The claims; None when this key did not sign them."""
        try:
            return jwt.decode(
                token,
                key.key,
                algorithms=[key.algorithm],
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "sub", "aud"]},
            )
        except (InvalidSignatureError, InvalidAlgorithmError):
            return None
        except (PyJWTError, ValueError, OverflowError, RecursionError) as error:
            faults = (text for kind, text in _FAULTS if isinstance(error, kind))
            raise NotAuthenticated(next(faults, _misshapen(error))) from None


def _typed(content: dict[str, Any]) -> _Claims:
    try:
        return msgspec.convert(content, _Claims)
    except msgspec.ValidationError as error:
        raise NotAuthenticated(_MISSHAPEN.format(_claim_at(str(error)))) from None


def _claim_at(complaint: str) -> str:
    """Where the decoder stopped, such as `calls[0].until`: names of ours, not what it says."""
    path = _PATH.search(complaint)
    missing = _MISSING.search(complaint)
    steps = (path and path[1], missing and missing[1])
    return ".".join(step for step in steps if step)


def _misshapen(error: Exception) -> str:
    """A time that is no number is named, anything else is a token nobody can read."""
    named = _TIME.search(str(error))
    return _MISSHAPEN.format(named[1]) if named else _UNREADABLE


def _principal(claims: _Claims) -> Principal:
    words = claims.scope.split() if isinstance(claims.scope, str) else claims.scope
    scopes = frozenset(AccessScope(word) for word in words if word in set(AccessScope))
    bound = claims.customer_id
    if bound is None and AccessScope.CUSTOMER in scopes:
        bound = claims.sub
    calls = [*claims.calls, claims.call] if claims.call else claims.calls
    return Principal(
        subject=claims.sub,
        kind=_kind(scopes, bound),
        scopes=scopes,
        customer_id=bound,
        calls=tuple(
            CallGrant(call.call_id, call.customer_id, datetime.fromtimestamp(call.until, UTC))
            for call in calls
        ),
    )


def _kind(scopes: frozenset[AccessScope], bound: str | None) -> PrincipalKind:
    """A token for several roles is held to the strictest."""
    if AccessScope.AGENT in scopes:
        return PrincipalKind.AGENT
    return PrincipalKind.SERVICE if bound is None else PrincipalKind.CUSTOMER
