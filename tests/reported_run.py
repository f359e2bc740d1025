"""A training run with many products, put together without training: only its page matters."""

from __future__ import annotations

from datetime import UTC, datetime

import lightgbm
import numpy as np

from feature_repo.transforms import ColumnLayout
from model_registry.home import BankIdentity
from model_registry.manifest import BundleManifest
from tests.scored_month import scored_month, spread_chances
from training.config import ResolvedConfig
from training.month_counts import month_counts
from training.report import TrainingRun

PRODUCTS = 36


def reported_run(customers: int = 5_000) -> TrainingRun:
    """A run on one month, measured on a month in which every product has additions enough."""
    measured = scored_month(spread_chances(customers, PRODUCTS), oracle=True)
    month = measured.scores.month
    groups = {name: f"group_{code % 5}" for code, name in enumerate(month.vocabulary)}
    manifest = BundleManifest(
        bank="toy",
        created_at=datetime(2026, 7, 1, tzinfo=UTC),
        contract_digest="c" * 64,
        product_vocabulary=month.vocabulary,
        product_groups=groups,
        category_levels={},
        views_with_data=["customer_profile", "product_holdings"],
        train_until=month.as_of,
        label_months=[month.as_of],
        data_fingerprint="f" * 64,
        seed=1,
        library_versions={"python": "3.11"},
        negative_sampling_rate=1.0,
        summary_metrics={},
    )
    return TrainingRun(
        bank=_bank(manifest, [month.as_of, month.month]),
        config=ResolvedConfig(train_until=month.as_of),
        manifest=manifest,
        months=month_counts([month], [month.candidates]),
        product_names={name: f"The bank's own name of {name}" for name in month.vocabulary},
        model_text=_trees(tuple(month.vocabulary)),
        out_of_fold={"out_of_fold_auc_weighted": 0.75},
        measured=measured,
    )


def _bank(manifest: BundleManifest, days: list) -> BankIdentity:
    return BankIdentity(
        bank=manifest.bank,
        source="tables",
        currency="EUR",
        product_vocabulary=manifest.product_vocabulary,
        product_groups=manifest.product_groups,
        snapshot_dates=days,
        label_months=days,
        data_until=days[-1],
        imported_at=datetime(2026, 7, 1, tzinfo=UTC),
        fingerprint=manifest.data_fingerprint,
        row_counts={},
        quarantined={},
    )


def _trees(vocabulary: tuple[str, ...]) -> bytes:
    """A few trees on noise that use some of the columns."""
    rng = np.random.default_rng(2)
    matrix = rng.normal(size=(600, len(ColumnLayout(vocabulary, {}).names)))
    labels = (matrix[:, ::7].sum(axis=1) > 0).astype(np.float64)
    parameters = {"objective": "binary", "verbosity": -1, "num_threads": 1, "num_leaves": 15}
    booster = lightgbm.train(parameters, lightgbm.Dataset(matrix, labels), num_boost_round=20)
    return booster.model_to_string().encode()
