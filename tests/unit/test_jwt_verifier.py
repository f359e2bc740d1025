"""Which tokens are believed, and that a remembered one is believed no longer than it may be."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

import pytest

from service.adapters.jwt_key_file import JwtKeyFile
from service.adapters.jwt_keys import KeySet, parse_keys
from service.adapters.jwt_verifier import MOST_TOKEN_BYTES, JwtVerifier
from service.domain.principal import AccessScope, Principal, PrincipalKind
from service.errors import DependencyUnavailable, NotAuthenticated, SettingsInvalid
from tests.access_tokens import AUDIENCE, Issuer, base64url, call, jwks, rsa_key
from tests.moved_clock import MovedClock

ED, RSA, STRANGER = Issuer("ed"), Issuer("rsa", rsa_key()), Issuer("ed")


class HeldKeys:
    """Keys that change when a test says so; counts how often an unknown key made us look."""

    def __init__(self, *issuers: Issuer) -> None:
        self.keys = parse_keys(jwks(*issuers), source="test") if issuers else KeySet()
        self.added: KeySet | None = None
        self.looks = 0

    async def open(self) -> None:
        """Nothing to get."""

    async def run(self) -> None:
        """Nothing to refresh."""

    async def look_for_unknown(self) -> None:
        """Find what was added meanwhile."""
        self.looks += 1
        self.keys = self.added or self.keys


def believed(
    token: str | bytes, *, keys: HeldKeys | None = None, verifier: JwtVerifier | None = None
) -> Principal:
    checked = verifier or JwtVerifier(keys or HeldKeys(ED, RSA), audience=AUDIENCE)
    return asyncio.run(checked.principal(token.encode() if isinstance(token, str) else token))


def refused(token: str | bytes, **rest: Any) -> str:
    with pytest.raises(NotAuthenticated) as error:
        believed(token, **rest)
    return str(error.value)


def unsigned(header: dict[str, Any], claims: dict[str, Any], signature: bytes = b"") -> bytes:
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return b".".join(map(base64url, parts))


@pytest.mark.parametrize("issuer", [ED, RSA], ids=["EdDSA", "RS256"])
def test_a_good_token_says_who_asks_and_what_for(issuer: Issuer) -> None:
    found = believed(issuer.token("decide kill openid", sub="crm"))
    assert found.subject == "crm"
    assert found.kind is PrincipalKind.SERVICE
    assert found.scopes == {AccessScope.DECIDE, AccessScope.KILL}
    assert found.customer_id is None


def test_scopes_may_come_as_a_list_and_unknown_ones_mean_nothing() -> None:
    assert believed(ED.token(["audit", "everything"])).scopes == {AccessScope.AUDIT}
    assert believed(ED.token("")).scopes == frozenset()
    assert believed(ED.token(None)).scopes == frozenset()


def test_a_customers_own_token_is_bound_to_her() -> None:
    assert believed(ED.token("customer", sub="C1")).customer_id == "C1"
    assert believed(ED.token("decide", sub="app", customer_id="C2")).customer_id == "C2"
    assert believed(ED.token("decide", customer_id="C2")).kind is PrincipalKind.CUSTOMER


def test_an_agents_token_brings_the_calls_it_is_granted() -> None:
    found = believed(ED.token("agent decide", calls=[call("c-1", "C1")], call=call("c-2", "C2")))
    assert found.kind is PrincipalKind.AGENT
    assert [(one.call_id, one.customer_id) for one in found.calls] == [("c-1", "C1"), ("c-2", "C2")]
    assert found.calls[0].until.timestamp() > time.time() + 200


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        ({"exp": time.time() - 31}, "has expired"),
        ({"exp": None}, "lacks one of exp"),
        ({"nbf": time.time() + 3600}, "not valid yet"),
        ({"sub": None}, "lacks one of exp, sub"),
        ({"aud": None}, "lacks one of exp, sub, aud"),
        ({"aud": "another"}, "another audience"),
        ({"aud": []}, "lacks one of exp, sub, aud"),
        ({"iss": "https://evil.example"}, "another issuer"),
        ({"sub": ""}, "claim sub of the token has another form"),
        ({"sub": "x" * 129}, "claim sub of"),
        ({"sub": 7}, "claim sub of"),
        ({"exp": "tomorrow"}, "claim exp of"),
        ({"nbf": "now"}, "claim nbf of"),
        ({"iat": "now"}, "claim iat of"),
        ({"jti": 7}, "claim jti of"),
        ({"scope": 7}, "claim scope of"),
        ({"scope": ["audit", 7]}, "claim scope[1] of"),
        ({"customer_id": 15889}, "claim customer_id of"),
        ({"calls": [{"call_id": "c"}]}, "claim calls[0].customer_id of"),
        ({"calls": {}}, "claim calls of"),
        ({"calls": [call("c", "C")] * 65}, "claim calls of"),
        ({"call": call("c", "C") | {"until": "2030-01-01T00:00:00Z"}}, "claim call.until of"),
        ({"call": call("c", "C") | {"until": 1e300}}, "claim call.until of"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_a_token_with_a_wrong_claim_is_refused_with_what_is_wrong(
    claims: dict[str, Any], says: str
) -> None:
    usual = {"iss": "https://bank.example"}
    verifier = JwtVerifier(HeldKeys(ED), audience=AUDIENCE, issuer="https://bank.example")
    assert says in refused(ED.token(**(usual | claims)), verifier=verifier)


def test_the_issuer_is_asked_for_only_where_one_is_set() -> None:
    strict = JwtVerifier(HeldKeys(ED), audience=AUDIENCE, issuer="bank")
    refused(ED.token(), verifier=strict)
    assert believed(ED.token(iss="bank"), verifier=strict)
    assert believed(ED.token(iss="anybody"))


def test_clocks_may_differ_by_half_a_minute() -> None:
    assert believed(ED.token(exp=time.time() - 20, nbf=time.time() - 60))
    assert believed(ED.token(nbf=time.time() + 20))


@pytest.mark.parametrize(
    "token",
    [b"", b".", b"..", b"a.b.c", b"\xff\xfe.x.y", b"[].[].x", b"e30.e30.e30", b"x" * 5000],
    ids=str,
)
def test_what_is_no_token_is_refused(token: bytes) -> None:
    refused(token)


def test_a_token_of_any_length_is_not_even_read() -> None:
    assert "longer than" in refused(ED.token(x="y" * MOST_TOKEN_BYTES))


def good_claims() -> dict[str, Any]:
    return {"sub": "x", "aud": AUDIENCE, "exp": time.time() + 600, "scope": "kill"}


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", None, 7])
@pytest.mark.parametrize("kid", ["ed", "rsa", None])
def test_a_token_without_signature_is_never_believed(algorithm: Any, kid: str | None) -> None:
    refused(unsigned({"alg": algorithm, "typ": "JWT", "kid": kid}, good_claims()))


@pytest.mark.parametrize("issuer", [ED, RSA], ids=["EdDSA", "RS256"])
@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_a_public_key_is_never_taken_for_a_shared_secret(issuer: Issuer, algorithm: str) -> None:
    header = {"alg": algorithm, "kid": issuer.kid}
    signed = unsigned(header, good_claims()).rpartition(b".")[0]
    hashed = getattr(hashlib, algorithm.lower().replace("hs", "sha"))
    for secret in (issuer.pem(), issuer.pem().strip(), jwks(issuer)):
        mac = hmac.new(secret, signed, hashed).digest()
        refused(unsigned(header, good_claims(), mac))


def test_the_header_cannot_choose_another_algorithm_for_a_key() -> None:
    for algorithm in ("PS256", "RS512", "ES256", "EdDSA"):
        token = RSA.token().split(".")
        header = {"alg": algorithm, "kid": "rsa"}
        token[0] = base64url(json.dumps(header).encode()).decode()
        refused(".".join(token))


def test_a_key_brought_by_the_token_itself_is_not_used() -> None:
    attacker = Issuer("evil")
    header = {"alg": "EdDSA", "jwk": attacker.jwk(), "jku": "https://evil.example", "x5u": "x"}
    signed = unsigned(header, good_claims()).rpartition(b".")[0]
    refused(unsigned(header, good_claims(), attacker.key.sign(signed)))  # type: ignore[call-arg,arg-type]


def test_a_signature_by_another_key_of_the_same_name_is_refused() -> None:
    assert "not signed with a key known here" in refused(STRANGER.token())


def test_an_altered_token_is_refused_although_the_good_one_is_remembered() -> None:
    verifier = JwtVerifier(HeldKeys(ED), audience=AUDIENCE)
    head, claims, signature = ED.token("decide").split(".")
    believed(".".join((head, claims, signature)), verifier=verifier)
    more = json.loads(base64.urlsafe_b64decode(claims + "==")) | {"scope": "kill"}
    forged = base64url(json.dumps(more).encode()).decode()
    refused(".".join((head, forged, signature)), verifier=verifier)


def test_an_unknown_key_makes_us_look_once_and_then_the_token_is_good() -> None:
    keys = HeldKeys(RSA)
    keys.added = parse_keys(jwks(RSA, ED), source="test")
    assert believed(ED.token(), keys=keys)
    assert keys.looks == 1
    refused(STRANGER.token(), keys=keys)
    assert keys.looks == 2


def test_a_remembered_token_is_not_verified_again_and_ends_when_it_expires() -> None:
    clock = MovedClock(time.time())
    verifier = JwtVerifier(HeldKeys(ED), audience=AUDIENCE, clock=clock)
    token = ED.token(exp=time.time() - 5)  # within the leeway
    first = believed(token, verifier=verifier)
    assert believed(token, verifier=verifier) is first
    clock.now += 24
    assert believed(token, verifier=verifier) is first
    clock.now += 2
    assert believed(token, verifier=verifier) is not first  # asked anew, in real time still good


def test_a_removed_key_takes_every_token_it_signed_with_it() -> None:
    keys = HeldKeys(ED, RSA)
    verifier = JwtVerifier(keys, audience=AUDIENCE)
    token, other = ED.token(), RSA.token()
    assert believed(token, verifier=verifier)
    assert believed(other, verifier=verifier)
    keys.keys = parse_keys(jwks(RSA), source="test")
    refused(token, verifier=verifier)
    assert believed(other, verifier=verifier)


def test_of_many_tokens_only_the_latest_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.adapters.jwt_verifier.MOST_REMEMBERED", 2)
    verifier = JwtVerifier(HeldKeys(ED), audience=AUDIENCE)
    tokens = [ED.token(sub=str(number)) for number in range(3)]
    first, second, third = (believed(token, verifier=verifier) for token in tokens)
    assert believed(tokens[2], verifier=verifier) is third
    assert believed(tokens[1], verifier=verifier) is second
    assert believed(tokens[0], verifier=verifier) is not first


def test_without_any_key_yet_nobody_is_told_that_the_token_is_bad() -> None:
    with pytest.raises(DependencyUnavailable, match="has come yet"):
        believed(ED.token(), keys=HeldKeys())


def test_a_key_file_is_read_again_when_it_changes_and_a_bad_one_changes_nothing(
    tmp_path: Path,
) -> None:
    path = tmp_path / "keys"
    path.write_bytes(ED.pem())

    async def live() -> None:
        source = JwtKeyFile(path)
        verifier = JwtVerifier(source, audience=AUDIENCE)
        await source.open()
        assert await verifier.principal(ED.token().encode())
        path.write_bytes(jwks(RSA))
        assert await verifier.principal(RSA.token().encode())  # looked for the unknown key
        with pytest.raises(NotAuthenticated):
            await verifier.principal(ED.token().encode())
        for spoil in (lambda: path.write_bytes(b"junk"), path.unlink):
            spoil()
            with pytest.raises(SettingsInvalid, match="NBO_JWT_KEYS="):
                await source.look()
            await source.look_for_unknown()
            assert await verifier.principal(RSA.token().encode())

    asyncio.run(live())


def test_a_key_file_that_cannot_be_used_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="cannot be read"):
        asyncio.run(JwtKeyFile(tmp_path / "none").open())
