"""Ed25519 signatures over manifests: one private key per home, and the public keys it trusts."""

from __future__ import annotations

import hashlib
from enum import Enum
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from model_registry.durable_files import flush_directory, replace_durably, write_durably
from model_registry.errors import BundleRefused, RegistryError
from model_registry.file_lock import exclusive
from model_registry.manifest import MANIFEST_FILE, SIGNATURE_FILE


class KeyUnusable(RegistryError):
    """A key file is unreadable, damaged or not Ed25519."""


class Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of a signature file; `key_id` names the signer's public key."""

    algorithm: str
    key_id: str
    signature: bytes


class Doubt(Enum):
    """Why a signature does not vouch for a file; the value completes "the signature …"."""

    DAMAGED = "is damaged"
    FOREIGN = "is by a foreign key"
    ALTERED = "does not fit: one of the two was altered"


class SigningKeys:
    """The keys below one directory: `signing.key` (private, 0600) and `trusted/*.pub`."""

    def __init__(self, directory: Path) -> None:
        self._private_file = directory / "signing.key"
        self._trusted = directory / "trusted"
        self._lock_file = directory / ".lock"

    def sign(self, message: bytes) -> bytes:
        """The signature file for these bytes; creates and trusts a key at first use."""
        key = self._private_key()
        signature = Signature("ed25519", key_id(key.public_key()), key.sign(message))
        return msgspec.json.encode(signature)

    def check(self, message: bytes, signature_file: bytes, bundle_id: str) -> None:
        """`BundleRefused` unless a trusted key signed exactly these bytes."""
        doubt = self.doubt(message, signature_file)
        if doubt is Doubt.DAMAGED:
            raise BundleRefused(
                f"bundle {bundle_id}: {SIGNATURE_FILE} is damaged: restore or retrain the bundle"
            )
        if doubt is Doubt.FOREIGN:
            raise BundleRefused(
                f"bundle {bundle_id}: {SIGNATURE_FILE} is by a foreign key: "
                f"put the signer's public key into {self._trusted} if you trust it"
            )
        if doubt is Doubt.ALTERED:
            raise BundleRefused(
                f"bundle {bundle_id}: {MANIFEST_FILE} or {SIGNATURE_FILE} was altered after "
                "signing: restore or retrain the bundle"
            )

    def doubt(self, message: bytes, signature_file: bytes) -> Doubt | None:
        """What speaks against these bytes; None when a trusted key signed exactly them."""
        try:
            signature = msgspec.json.decode(signature_file, type=Signature)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return Doubt.DAMAGED
        key = self._trusted_keys().get(signature.key_id)
        if key is None or signature.algorithm != "ed25519":
            return Doubt.FOREIGN
        try:
            key.verify(signature.signature, message)
        except InvalidSignature:
            return Doubt.ALTERED
        return None

    def _private_key(self) -> Ed25519PrivateKey:
        if not self._private_file.exists():
            with exclusive(self._lock_file):
                if not self._private_file.exists():
                    self._create()
        try:
            key = serialization.load_pem_private_key(self._private_file.read_bytes(), None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise KeyUnusable(f"{self._private_file} is damaged: restore or delete it") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise KeyUnusable(f"{self._private_file} is not an Ed25519 key: replace it")
        return key

    def _create(self) -> None:
        """The public key first, the private one last and whole: who finds it finds both."""
        key = Ed25519PrivateKey.generate()
        public = key.public_key()
        self._trusted.mkdir(parents=True, exist_ok=True)
        public_pem = public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        # Never half of it, be the disk full or the process killed: it would damn every signature.
        replace_durably(self._trusted / f"{key_id(public)}.pub", public_pem)
        private_pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        draft = self._private_file.with_name(f".{self._private_file.name}.{key_id(public)}")
        write_durably(draft, private_pem, mode=0o600)
        try:
            # A link, not a rename: a key that stands there already is never replaced.
            self._private_file.hardlink_to(draft)
        finally:
            draft.unlink()
        flush_directory(self._private_file.parent)

    def _trusted_keys(self) -> dict[str, Ed25519PublicKey]:
        keys = [_public_key(path) for path in sorted(self._trusted.glob("*.pub"))]
        return {key_id(key): key for key in keys}


def key_id(key: Ed25519PublicKey) -> str:
    """A short name of the public key, derived from its bytes."""
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:16]


def _public_key(path: Path) -> Ed25519PublicKey:
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyUnusable(f"{path} is damaged: restore or delete it") from error
    if not isinstance(key, Ed25519PublicKey):
        raise KeyUnusable(f"{path} is not an Ed25519 key: delete it")
    return key
