"""A training run: labels and features in, a signed candidate bundle with its evaluation out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timezone

import msgspec

from feature_repo.contract import VIEWS, contract_digest, contract_document
from model_registry.home import BankIdentity, Home
from model_registry.manifest import BundleDraft, BundleManifest, VerifiedBundle
from model_registry.propensity_model import MODEL_FILE
from model_registry.rates import RATES_FILE
from model_registry.store import ModelStore
from training.affinity import AFFINITY_FILE
from training.base_rates import base_rates
from training.config import ResolvedConfig, TrainConfig
from training.dataset import TrainingSet, build_training_set, read_label_months
from training.evaluation.month_evaluation import measure, score_bundle
from training.features.product_affinity import affinity_model
from training.fitting import fit_model
from training.label_month import LabelMonth, read_label_month, segments_of
from training.library_versions import library_versions
from training.month_counts import month_counts
from training.progress import Progress, silent
from training.report import Measured, TrainingRun, report_page
from training.snapshot_gaps import snapshot_gaps
from training.splitting import default_train_until, next_label_month, training_months
from training.tables.store import TableStore
from training.until_notes import until_notes


class TrainResult(msgspec.Struct, frozen=True):
    """The bundle written, its summary metrics, and what should be known of its months."""

    bundle_id: str
    metrics: dict[str, float]
    notes: list[str] = []


def train(home: Home, config: TrainConfig, *, progress: Progress = silent) -> TrainResult:
    """Fit, evaluate on the next label month if there is one, and write a signed bundle.

    Without `train_until` the last label month but one ends training, so that the last one measures.
    """
    bank, asked = home.bank(), config.train_until
    config = _resolved(bank, config)
    months = _months(home, bank, config)
    rows = build_training_set(home, months, config, progress=progress)
    fitted = fit_model(months, rows, bank.product_groups, config, progress=progress)
    manifest = _manifest(bank, months, rows, config)
    run = TrainingRun(
        bank=bank,
        config=config,
        manifest=manifest,
        months=month_counts(months, rows.chosen),
        product_names=_product_names(home),
        model_text=fitted.files[MODEL_FILE],
        out_of_fold=fitted.out_of_fold,
        measured=_measured(home, bank, VerifiedBundle(manifest, fitted.files), progress),
        snapshot_gaps=snapshot_gaps(TableStore(home)),
    )
    files = fitted.files | {
        RATES_FILE: base_rates(
            months, bank.product_groups, [segments_of(home, month) for month in months]
        ).encode(),
        AFFINITY_FILE: _affinity(home, bank, months, config),
    }
    manifest = msgspec.structs.replace(manifest, summary_metrics=run.summary)
    bundle_id = ModelStore(home).write(BundleDraft(manifest, files | _documents(run)))
    return TrainResult(bundle_id, run.summary, _notes(run, asked))


def _notes(run: TrainingRun, asked: date | None) -> list[str]:
    """Months that are missing or thin, then what became of the `train_until` asked for."""
    gaps = [] if run.snapshot_gaps is None else [run.snapshot_gaps]
    is_measured = run.measured is not None
    return [*gaps, *until_notes(asked, run.manifest.train_until, is_measured=is_measured)]


def _documents(run: TrainingRun) -> dict[str, bytes]:
    """What is there to be read: figures, configuration, contract, the report."""
    metrics = {
        "out_of_fold": run.out_of_fold,
        "months": run.months,
        "evaluation": run.measured and run.measured.result,
    }
    return {
        "metrics.json": _json(metrics),
        "config.json": _json(run.config),
        "contract.json": _json(contract_document()),
        "report.html": report_page(run),
    }


def _resolved(bank: BankIdentity, config: TrainConfig) -> ResolvedConfig:
    """With the label month training ends with, whichever day was asked for."""
    until = config.train_until or default_train_until(bank.label_months)
    last = training_months(bank.label_months, until, config.label_window_months)[-1]
    return ResolvedConfig(**msgspec.structs.asdict(config) | {"train_until": last})


def _months(home: Home, bank: BankIdentity, config: TrainConfig) -> list[LabelMonth]:
    until = config.train_until or max(bank.label_months)
    window = config.label_window_months
    return read_label_months(home, training_months(bank.label_months, until, window))


def _measured(
    home: Home, bank: BankIdentity, bundle: VerifiedBundle, progress: Progress
) -> Measured | None:
    test_month = next_label_month(bank.label_months, bundle.manifest.train_until)
    if test_month is None:
        return None
    month = read_label_month(home, bank, test_month)
    scores = score_bundle(home, bundle, month, progress=progress)
    return Measured(scores, measure(scores, "this bundle"))


def _product_names(home: Home) -> dict[str, str]:
    names = TableStore(home).scan("products").select("product_id", "name").collect()
    return dict(names.iter_rows())


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
