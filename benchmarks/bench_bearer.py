"""Who asks the service in the benchmark: a bank's app backend with a token signed by Ed25519."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from model_registry.home import Home

AUDIENCE = "nbo"
SCOPES = "decide analyst"
"""What it may: ask, and before anything is measured have all numbers explained."""
VALID_SECONDS = 6 * 3_600


@dataclass(frozen=True)
class BenchBearer:
    """A token, and the file with the public key it is verified by."""

    public_key: Path
    token: str = field(repr=False)


def bench_bearer(home: Home) -> BenchBearer:
    """A fresh key in the home and a token signed with it."""
    key = Ed25519PrivateKey.generate()
    file = home.root / "bench_bearer.pem"
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    file.write_bytes(public)
    claims = {
        "sub": "app-backend",
        "aud": AUDIENCE,
        "exp": time.time() + VALID_SECONDS,
        "scope": SCOPES,
    }
    return BenchBearer(file, jwt.encode(claims, key, algorithm="EdDSA"))
