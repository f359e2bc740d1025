"""Whether a bundle was trained under the feature contract this code has."""

from __future__ import annotations

from feature_repo.contract import contract_digest
from model_registry.errors import BundleRefused
from model_registry.manifest import BundleManifest


def fits_contract(manifest: BundleManifest) -> bool:
    """Whether its columns mean here what they meant in training."""
    return manifest.contract_digest == contract_digest()


def refuse_other_contract(manifest: BundleManifest) -> None:
    """`BundleRefused` when the bundle was trained under another feature contract than ours."""
    if not fits_contract(manifest):
        # Which of the two is newer cannot be told from their digests.
        raise BundleRefused(
            f"bundle {manifest.bundle_id} was trained under another feature contract than this"
            " version has: if the bundle is the older, train again; if this version is, start the"
            " version that trained it"
        )
