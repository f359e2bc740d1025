"""Small bundles that are not models: the store looks at bytes only."""

from __future__ import annotations

from datetime import UTC, date, datetime

from feature_repo.contract import contract_digest
from model_registry.manifest import BundleDraft, BundleManifest

FILES = {"propensity.txt": b"tree\n" * 50, "rates.json": b"{}", "golden.npz": bytes(range(256))}


def draft(second: int = 0, files: dict[str, bytes] | None = None) -> BundleDraft:
    """A draft created at a second of one minute."""
    manifest = BundleManifest(
        bank="toy",
        created_at=datetime(2026, 7, 1, 12, 0, second, tzinfo=UTC),
        contract_digest=contract_digest(),
        product_vocabulary=["account"],
        product_groups={"account": "daily"},
        category_levels={},
        views_with_data=["product_holdings"],
        train_until=date(2026, 5, 31),
        label_months=[date(2026, 5, 31)],
        data_fingerprint="f" * 64,
        seed=1,
        library_versions={},
        negative_sampling_rate=1.0,
        summary_metrics={"map_at_7": 0.5},
    )
    return BundleDraft(manifest, FILES if files is None else files)
