"""A training run: labels and features in, a signed candidate bundle with its evaluation out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone

import msgspec

from feature_repo.contract import VIEWS, contract_digest, contract_document
from model_registry.home import BankIdentity, Home
from model_registry.manifest import BundleDraft, BundleManifest, VerifiedBundle
from model_registry.rates import RATES_FILE
from model_registry.store import ModelStore
from training.affinity import AFFINITY_FILE
from training.base_rates import base_rates
from training.config import ResolvedConfig, TrainConfig
from training.dataset import TrainingSet, build_training_set, read_label_months
from training.evaluation.month_evaluation import measure, score_bundle
from training.evaluation.result import EvaluationResult
from training.features.product_affinity import affinity_model
from training.fitting import fit_model
from training.label_month import LabelMonth, read_label_month
from training.library_versions import library_versions
from training.progress import Progress, silent
from training.report import report_page
from training.splitting import default_train_until, next_label_month, training_months
from training.tables.store import TableStore


class TrainResult(msgspec.Struct, frozen=True):
    """The bundle written and its summary metrics."""

    bundle_id: str
    metrics: dict[str, float]


def train(home: Home, config: TrainConfig, *, progress: Progress = silent) -> TrainResult:
    """Fit, evaluate on the next label month if there is one, and write a signed bundle.

    Without `train_until` the last label month but one ends training, so that the last one measures.
    """
    bank = home.bank()
    config = _resolved(bank, config)
    months = _months(home, bank, config)
    rows = build_training_set(home, months, config, progress=progress)
    fitted = fit_model(months, rows, bank.product_groups, config, progress=progress)
    manifest = _manifest(bank, months, rows, config)
    bundle = VerifiedBundle(manifest, fitted.files)
    evaluation = _evaluation(home, bank, bundle, progress)
    summary = fitted.out_of_fold | (evaluation.numbers() if evaluation else {})
    documents = {
        "metrics.json": _json({"out_of_fold": fitted.out_of_fold, "evaluation": evaluation}),
        "config.json": _json(config),
        "contract.json": _json(contract_document()),
        RATES_FILE: base_rates(months, bank.product_groups).encode(),
        AFFINITY_FILE: _affinity(home, bank, months, config),
        "report.html": report_page(bundle.manifest, fitted.out_of_fold, evaluation),
    }
    manifest = msgspec.structs.replace(manifest, summary_metrics=summary)
    return TrainResult(
        ModelStore(home).write(BundleDraft(manifest, fitted.files | documents)), summary
    )


def _resolved(bank: BankIdentity, config: TrainConfig) -> ResolvedConfig:
    until = config.train_until or default_train_until(bank.label_months)
    return ResolvedConfig(**msgspec.structs.asdict(config) | {"train_until": until})


def _months(home: Home, bank: BankIdentity, config: TrainConfig) -> list[LabelMonth]:
    until = config.train_until or max(bank.label_months)
    return read_label_months(
        home, training_months(bank.label_months, until, config.label_window_months)
    )


def _evaluation(
    home: Home, bank: BankIdentity, bundle: VerifiedBundle, progress: Progress
) -> EvaluationResult | None:
    test_month = next_label_month(bank.label_months, bundle.manifest.train_until)
    if test_month is None:
        return None
    month = read_label_month(home, bank, test_month)
    return measure(score_bundle(home, bundle, month, progress=progress), "this bundle")


def _manifest(
    bank: BankIdentity, months: Sequence[LabelMonth], rows: TrainingSet, config: TrainConfig
) -> BundleManifest:
    return BundleManifest(
        bank=bank.bank,
        created_at=datetime.now(timezone.utc),
        contract_digest=contract_digest(),
        product_vocabulary=bank.product_vocabulary,
        product_groups=bank.product_groups,
        category_levels={n: list(levels) for n, levels in rows.layout.category_levels.items()},
        views_with_data=[view.name for view in VIEWS if view.name in rows.views_with_data],
        train_until=config.train_until or months[-1].month,
        label_months=[month.month for month in months],
        data_fingerprint=bank.fingerprint,
        seed=config.seed,
        library_versions=library_versions(),
        negative_sampling_rate=rows.negative_rate,
        summary_metrics={},
    )


def _affinity(
    home: Home, bank: BankIdentity, months: Sequence[LabelMonth], config: ResolvedConfig
) -> bytes:
    """The model behind the `affinity` feature of the newest rows the ranker learned from."""
    newest = max(month.as_of for month in months)
    holdings = TableStore(home).scan("holdings")
    return affinity_model(holdings, bank, newest, config.affinity).to_bytes()


def _json(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=1)
