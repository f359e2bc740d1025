"""Plain response rates a bundle carries for when the model cannot be asked."""

from __future__ import annotations

import msgspec

from model_registry.errors import BundleRefused

RATES_FILE = "rates.json"


class Rates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Share of customers who add the product within a period, from all to the most specific known.

    `channel_trigger` is keyed by `<channel>/<trigger>`, then product; empty without an offer log.
    `segment` is keyed by the bank's own segment, then product.
    """

    product: dict[str, float]
    group: dict[str, float]
    overall: float
    channel_trigger: dict[str, dict[str, float]] = {}
    segment: dict[str, dict[str, float]] = {}

    def encode(self) -> bytes:
        """The content of `rates.json`."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1)

    @classmethod
    def decode(cls, content: bytes) -> Rates:
        """Read `rates.json`; `BundleRefused` when it is of another format."""
        try:
            return msgspec.json.decode(content, type=cls)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BundleRefused(f"{RATES_FILE} is not in this version's format: {error}") from error
