"""Which keys are taken from a file or key set, and which are refused with what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as ec_key

from service.adapters.jwt_keys import MOST_BYTES, parse_keys
from service.errors import SettingsInvalid
from tests.access_tokens import Issuer, jwks, rsa_key

ED, RSA = Issuer("ed"), Issuer("rsa", rsa_key())


def test_a_key_set_gives_every_key_the_one_algorithm_of_its_kind() -> None:
    keys = parse_keys(jwks(ED, RSA), source="x").keys
    assert [(key.kid, key.algorithm) for key in keys] == [("ed", "EdDSA"), ("rsa", "RS256")]


def test_pem_blocks_one_after_the_other_are_keys_without_names() -> None:
    keys = parse_keys(b"# two\n" + ED.pem() + RSA.pem(), source="x").keys
    assert [(key.kid, key.algorithm) for key in keys] == [(None, "EdDSA"), (None, "RS256")]


def test_the_same_keys_written_otherwise_are_the_same_set() -> None:
    again = json.dumps(json.loads(jwks(ED, RSA)), indent=4).encode()
    assert parse_keys(jwks(ED, RSA), source="x") == parse_keys(again, source="y")
    assert parse_keys(jwks(ED), source="x") != parse_keys(jwks(Issuer("ed")), source="x")


def test_what_a_key_set_holds_for_other_purposes_is_left_alone() -> None:
    listed = [
        RSA.jwk(use="enc"), RSA.jwk(alg="PS256"), RSA.jwk(kid=7),
        {"kty": "EC", "crv": "P-256", "x": "", "y": ""}, ED.jwk(alg="EdDSA"),
    ]  # fmt: skip
    keys = parse_keys(json.dumps({"keys": listed}).encode(), source="x").keys
    assert [key.kid for key in keys] == ["ed"]


def private_pem() -> bytes:
    return ED.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def elliptic_pem() -> bytes:
    return ec_key(SECP256R1()).public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "holds no key"),
        (b'{"keys": []}', "holds no key"),
        (b"not a key", "holds no key"),
        (b'{"keys": 7}', "is no PEM and no JWKS"),
        (b'{"keys": [7]}', "is no PEM and no JWKS"),
        (b'{"keys"', "is no PEM and no JWKS"),
        (b"{" * 100_000, "is no PEM and no JWKS"),
        (b"-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----", "is no PEM and no JWKS"),
        (jwks(ED).replace(b'"x": "', b'"x": "!'), "is no PEM and no JWKS"),
        (private_pem(), "holds a private key"),
        (json.dumps(ED.jwk(d="x")).encode(), "holds a secret key"),
        (b'{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}', "holds a secret key"),
        (elliptic_pem(), "neither Ed25519 nor RSA"),
        (Issuer("weak", rsa_key(1024)).pem(), "RSA key of 1024 bits: use 2048"),
        (jwks(*[ED] * 33), "holds 33 keys"),
        (b" " * (MOST_BYTES + 1), "larger than"),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else "",
)
def test_what_is_no_set_of_public_keys_is_refused_by_name(content: bytes, says: str) -> None:
    with pytest.raises(SettingsInvalid, match=says) as refused:
        parse_keys(content, source="NBO_JWT_KEYS=keys.pem")
    assert str(refused.value).startswith("NBO_JWT_KEYS=keys.pem ")


def test_a_token_that_names_its_key_is_tried_with_that_and_with_nameless_ones() -> None:
    named, nameless = parse_keys(jwks(ED, RSA), source="x"), parse_keys(ED.pem(), source="x")
    assert [key.kid for key in named.candidates("rsa")] == ["rsa"]
    assert named.candidates("other") == ()
    assert len(named.candidates(None)) == 2
    assert len(nameless.candidates("anything")) == 1


def test_nothing_of_a_refused_key_is_repeated(tmp_path: Path) -> None:
    content = private_pem()
    with pytest.raises(SettingsInvalid) as refused:
        parse_keys(content, source="x")
    assert content.splitlines()[1].decode() not in str(refused.value)
