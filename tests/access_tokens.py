"""Keys and tokens made for tests: an identity provider in a few lines."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import OKPAlgorithm, RSAAlgorithm

AUDIENCE = "nbo"
PrivateKey = Ed25519PrivateKey | RSAPrivateKey


@cache
def rsa_key(bits: int = 2048) -> RSAPrivateKey:
    """One RSA key per size: making one takes long."""
    return generate_private_key(public_exponent=65537, key_size=bits)


@dataclass(frozen=True)
class Issuer:
    """Signs tokens with its key; `kid` None = it names none."""

    kid: str | None = "k1"
    key: PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def algorithm(self) -> str:
        """The one of its key."""
        return "EdDSA" if isinstance(self.key, Ed25519PrivateKey) else "RS256"

    def token(self, scope: str | list[str] = "decide", **claims: Any) -> str:
        """A good token for ten minutes, with these claims changed; None leaves one out."""
        usual = {"sub": "backend", "aud": AUDIENCE, "exp": time.time() + 600, "scope": scope}
        given = {name: value for name, value in (usual | claims).items() if value is not None}
        headers = {"kid": self.kid} if self.kid else {}
        return jwt.encode(given, self.key, algorithm=self.algorithm, headers=headers)

    def jwk(self, **changes: Any) -> dict[str, Any]:
        """Its public key for a JWKS."""
        kinds = OKPAlgorithm if isinstance(self.key, Ed25519PrivateKey) else RSAAlgorithm
        public = json.loads(kinds.to_jwk(self.key.public_key()))
        return public | {"use": "sig"} | ({"kid": self.kid} if self.kid else {}) | changes

    def pem(self) -> bytes:
        """Its public key as PEM."""
        return self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )


def jwks(*issuers: Issuer) -> bytes:
    """The key set of these issuers."""
    return json.dumps({"keys": [issuer.jwk() for issuer in issuers]}).encode()


def base64url(content: bytes) -> bytes:
    """A part of a token: without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def bearer(token: str) -> dict[str, str]:
    """The header that brings a token."""
    return {"Authorization": f"Bearer {token}"}


def call(call_id: str, customer_id: str, *, seconds: float = 300.0) -> dict[str, Any]:
    """A grant for a call that ends in so many seconds."""
    return {"call_id": call_id, "customer_id": customer_id, "until": time.time() + seconds}
