"""The development key of a home: it signs tokens, and its public half verifies them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from model_registry.durable_files import replace_durably, write_durably
from model_registry.file_lock import exclusive
from nbo.errors import CommandError

PRIVATE_MODE = 0o600


class AccessKey:
    """An Ed25519 key in `access.key` (0600), made at first use, and `access.pub` beside it."""

    def __init__(self, folder: Path) -> None:
        self._private_file = folder / "access.key"
        self.public_file = folder / "access.pub"

    def sign(self, claims: Mapping[str, Any]) -> str:
        """The token with these claims."""
        import jwt

        with exclusive(self._private_file.with_name(".access.lock")):
            key = self._private_key()
        return jwt.encode(dict(claims), key, algorithm="EdDSA")

    def _private_key(self) -> Any:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        if not self._private_file.exists():
            self._make()
        try:
            key = load_pem_private_key(self._private_file.read_bytes(), None)
        except (ValueError, TypeError):
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise CommandError(f"{self._private_file} is damaged: delete it for a new one")
        return key

    def _make(self) -> None:
        """The public half first: whoever finds the private one finds both."""
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        key, pem = Ed25519PrivateKey.generate(), serialization.Encoding.PEM
        public = serialization.PublicFormat.SubjectPublicKeyInfo
        replace_durably(self.public_file, key.public_key().public_bytes(pem, public))
        private = key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_durably(self._private_file, private, mode=PRIVATE_MODE)
