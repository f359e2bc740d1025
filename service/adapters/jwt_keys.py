"""The public keys tokens may be signed with; the algorithm is the key's, never the token's."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import OKPAlgorithm, RSAAlgorithm
from jwt.exceptions import InvalidKeyError

from service.errors import SettingsInvalid

LEAST_RSA_BITS = 2048
MOST_KEYS = 32
MOST_BYTES = 256 * 1024
PublicKey = Ed25519PublicKey | RSAPublicKey
_PEM = re.compile(rb"-----BEGIN ([A-Z ]+)-----.+?-----END \1-----", re.DOTALL)


@dataclass(frozen=True)
class VerificationKey:
    """One public key, the one algorithm it verifies, and its name; None = a PEM key has none."""

    algorithm: str
    key: PublicKey = field(compare=False)
    fingerprint: bytes
    kid: str | None = None


@dataclass(frozen=True)
class KeySet:
    """All keys now trusted; equal sets hold the same keys under the same names."""

    keys: tuple[VerificationKey, ...] = ()

    def candidates(self, kid: str | None) -> tuple[VerificationKey, ...]:
        """The keys a token with this `kid` may be signed with: the named one and unnamed ones."""
        if kid is None:
            return self.keys
        return tuple(key for key in self.keys if key.kid in (None, kid))


def parse_keys(content: bytes, *, source: str) -> KeySet:
    """The keys of a JWKS or of PEM blocks; `SettingsInvalid` names the source and the fault."""
    if len(content) > MOST_BYTES:
        raise SettingsInvalid(f"{source} is larger than {MOST_BYTES} bytes: it holds no key set")
    try:
        is_jwks = content.lstrip().startswith(b"{")
        keys = _from_jwks(content) if is_jwks else _from_pem(content)
    except (ValueError, TypeError, KeyError, RecursionError, InvalidKeyError):
        raise SettingsInvalid(f"{source} is no PEM and no JWKS of public keys") from None
    except UnsupportedAlgorithm:
        raise SettingsInvalid(f"{source} holds a key of an unknown kind") from None
    except _Refused as refused:
        raise SettingsInvalid(f"{source} {refused}") from None
    if not keys:
        raise SettingsInvalid(
            f"{source} holds no key to verify tokens with: give Ed25519 or RSA public keys"
        )
    if len(keys) > MOST_KEYS:
        raise SettingsInvalid(f"{source} holds {len(keys)} keys: at most {MOST_KEYS} are tried")
    return KeySet(tuple(keys))


class _Refused(Exception):
    """What speaks against a key; completes "the file …"."""


def _from_pem(content: bytes) -> list[VerificationKey]:
    keys = []
    for block in _PEM.finditer(content):
        if b"PRIVATE" in block[1]:
            raise _Refused("holds a private key: give the public one only")
        keys.append(_checked(serialization.load_pem_public_key(block[0]), kid=None))
    return keys


def _from_jwks(content: bytes) -> list[VerificationKey]:
    document = json.loads(content)
    keys = [_from_jwk(jwk) for jwk in document.get("keys", [document])]
    return [key for key in keys if key is not None]


def _from_jwk(jwk: dict[str, Any]) -> VerificationKey | None:
    """None for what a key set may hold beside: keys for encryption, other algorithms."""
    if "d" in jwk or jwk.get("kty") == "oct":
        raise _Refused("holds a secret key: give public ones only")
    kid, use, algorithm = jwk.get("kid"), jwk.get("use", "sig"), jwk.get("alg")
    kind = (jwk.get("kty"), jwk.get("crv"))
    if use != "sig" or not isinstance(kid, str | None):
        return None
    if kind == ("OKP", "Ed25519") and algorithm in (None, "EdDSA", "Ed25519"):
        return _checked(OKPAlgorithm.from_jwk(jwk), kid=kid)
    if kind[0] == "RSA" and algorithm in (None, "RS256"):
        return _checked(RSAAlgorithm.from_jwk(jwk), kid=kid)
    return None


def _checked(key: object, *, kid: str | None) -> VerificationKey:
    if isinstance(key, Ed25519PublicKey):
        return VerificationKey("EdDSA", key, _fingerprint(key), kid)
    if not isinstance(key, RSAPublicKey):
        raise _Refused("holds a key that is neither Ed25519 nor RSA")
    if key.key_size < LEAST_RSA_BITS:
        raise _Refused(f"holds an RSA key of {key.key_size} bits: use {LEAST_RSA_BITS} or more")
    return VerificationKey("RS256", key, _fingerprint(key), kid)


def _fingerprint(key: PublicKey) -> bytes:
    encoded = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(encoded).digest()
