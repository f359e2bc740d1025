"""Opaque, signed references to one offer of one decision, for clients to hand back."""

from __future__ import annotations

import binascii
import hashlib
import hmac
from base64 import urlsafe_b64decode

MAC_BYTES = 16
SEPARATOR = b"|"
_PADDING = b"="
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


class TrackingTokens:
    """Signs with a key of the installation (keyed BLAKE2b, RFC 7693); every worker of one home
    shares it.
    """

    def __init__(self, key: bytes) -> None:
        self._keyed = hashlib.blake2b(key=key, digest_size=MAC_BYTES)

    def issue(self, decision_id: str, offer_id: str) -> str:
        """base64url(decision|offer|mac), without padding."""
        named = decision_id.encode() + SEPARATOR + offer_id.encode()
        encoded = binascii.b2a_base64(named + self._sign(named), newline=False)
        return encoded.translate(_URL_SAFE, _PADDING).decode("ascii")

    def read(self, token: str) -> tuple[str, str] | None:
        """Decision and offer of a token signed here; None for any other text."""
        try:
            raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
            named, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
            if not hmac.compare_digest(mac, self._sign(named)):
                return None
            decision_id, offer_id = named.split(SEPARATOR)
            return decision_id.decode(), offer_id.decode()
        except (binascii.Error, ValueError):
            return None

    def _sign(self, named: bytes) -> bytes:
        mac = self._keyed.copy()
        mac.update(named)
        return mac.digest()
