"""Opaque, signed references to one offer of one decision, for clients to hand back."""

from __future__ import annotations

import binascii
import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode

MAC_BYTES = 16
SEPARATOR = b"|"


class TrackingTokens:
    """Signs with a key of the installation (keyed BLAKE2b, RFC 7693); every worker of one home
    shares it.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def issue(self, decision_id: str, offer_id: str) -> str:
        """base64url(decision|offer|mac), without padding."""
        named = decision_id.encode() + SEPARATOR + offer_id.encode()
        return urlsafe_b64encode(named + self._sign(named)).rstrip(b"=").decode("ascii")

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
        return hashlib.blake2b(named, key=self._key, digest_size=MAC_BYTES).digest()
