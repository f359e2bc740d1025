"""What a bundle says about itself; its bytes are what is signed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import msgspec

from model_registry.errors import BundleRefused

MANIFEST_FILE = "manifest.json"
SIGNATURE_FILE = "manifest.sig"
MODEL_FILE = "propensity.txt"


class BundleManifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Identity, origin and content of one bundle; `files` maps every other file to its SHA-256.

    A draft has an empty `bundle_id` and no `files`: the store fills both when it writes.
    """

    bundle_id: str = ""
    bank: str
    created_at: datetime
    contract_digest: str
    product_vocabulary: list[str]
    product_groups: dict[str, str]
    category_levels: dict[str, list[str]]
    views_with_data: list[str]
    train_until: date
    label_months: list[date]
    data_fingerprint: str
    seed: int
    library_versions: dict[str, str]
    negative_sampling_rate: float
    summary_metrics: dict[str, float]
    files: dict[str, str] = {}

    def encode(self) -> bytes:
        """The bytes that are signed and stored."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1)


@dataclass(frozen=True)
class BundleDraft:
    """A bundle before it is written: the manifest without id and digests, and the files."""

    manifest: BundleManifest
    files: dict[str, bytes]


@dataclass(frozen=True)
class VerifiedBundle:
    """A bundle whose signature and every digest were checked; parse nothing but these bytes."""

    manifest: BundleManifest
    files: dict[str, bytes]

    def file(self, name: str) -> bytes:
        """The content of one file; `BundleRefused` when the bundle came without it."""
        try:
            return self.files[name]
        except KeyError:
            raise BundleRefused(
                f"bundle {self.manifest.bundle_id}: {name} is not part of it: train again"
            ) from None


def decode_manifest(raw: bytes, bundle_id: str) -> BundleManifest:
    """The manifest in already verified bytes; `BundleRefused` when it is of another format."""
    try:
        return msgspec.json.decode(raw, type=BundleManifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BundleRefused(
            f"bundle {bundle_id}: {MANIFEST_FILE} is not in this version's format ({error}): "
            "train again"
        ) from error
