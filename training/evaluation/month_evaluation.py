"""One bundle against one month it has not seen."""

from __future__ import annotations

from datetime import date

import numpy as np

from feature_repo.raw_features import Float32s, Float64s
from model_registry.home import BankIdentity, Home
from model_registry.manifest import BundleManifest, VerifiedBundle
from model_registry.propensity_model import PropensityModel
from model_registry.store import ModelStore
from training.errors import EvaluationRefused
from training.evaluation.gain import (
    gain_curves,
    lift_at_top_tenth,
    lift_by_decile,
    mean_gain,
)
from training.evaluation.intervals import ranking_intervals
from training.evaluation.month_scores import MonthScores, Scores, score_month
from training.evaluation.result import (
    LEAKAGE_ALARM_AUC,
    CalibrationBin,
    EvaluationResult,
    ProductResult,
    RankingQuality,
)
from training.fitted_baselines import BASELINES_FILE, FittedBaselines
from training.label_month import LabelMonth, read_label_month
from training.metrics import (
    RankedMonth,
    areas_by_product,
    coverage,
    expected_calibration_error,
    hit_rate,
    mean_average_precision,
    normalised_gain,
    reliability,
    weighted_area,
)
from training.progress import Progress, silent

MIN_ADDITIONS = 200


def evaluate(
    home: Home, model_id: str | None, test_month: date, *, progress: Progress = silent
) -> EvaluationResult:
    """Measure a bundle (the newest unless named) and its baselines on a month after training."""
    store = ModelStore(home)
    bundle = store.open(model_id or store.newest())
    bank = home.bank()
    refuse_unless_honest(bundle.manifest, bank, test_month)
    month = read_label_month(home, bank, test_month)
    scores = score_bundle(home, bundle, month, progress=progress)
    return measure(scores, bundle.manifest.bundle_id)


def score_bundle(
    home: Home, bundle: VerifiedBundle, month: LabelMonth, *, progress: Progress
) -> MonthScores:
    """The month's candidates scored by the bundle's model and its baselines."""
    model = PropensityModel.load(bundle)
    baselines = FittedBaselines.from_bytes(bundle.file(BASELINES_FILE))
    return score_month(home, month, model, baselines, progress=progress)


def measure(scores: MonthScores, model_id: str) -> EvaluationResult:
    """All measures of a scored month."""
    month, by_name = scores.month, scores.by_name
    rankings = {name: ranking_quality(by_name[name], month.labels) for name in by_name}
    model, oracle = rankings["model"], rankings.get("oracle")
    gains = gain_curves(by_name["model"], month.labels)
    products = product_results(by_name["model"], month, lift_at_top_tenth(gains))
    probabilities = by_name["model"][month.candidates]
    outcomes = month.labels[month.candidates]
    return EvaluationResult(
        model=model_id,
        test_month=month.month,
        as_of=month.as_of,
        customers=len(month.customers),
        customers_with_additions=int((np.nansum(month.labels, axis=1) > 0).sum()),
        map_at_7=model.map_at_7,
        map_at_7_uncalibrated=rankings["uncalibrated"].map_at_7,
        popularity_map_at_7=rankings["popularity"].map_at_7,
        transition_map_at_7=rankings["transition"].map_at_7,
        affinity_map_at_7=rankings["affinity"].map_at_7,
        oracle_map_at_7=oracle.map_at_7 if oracle else None,
        ndcg_at_5=model.ndcg_at_5,
        hit_rate_at_1=model.hit_rate_at_1,
        auc_weighted=model.auc_weighted,
        oracle_auc_weighted=oracle.auc_weighted if oracle else None,
        ece=expected_calibration_error(probabilities, outcomes),
        ece_uncalibrated=expected_calibration_error(
            by_name["uncalibrated"][month.candidates], outcomes
        ),
        coverage=model.coverage,
        leakage_alarm=leakage_alarm(products),
        lift_by_decile=lift_by_decile(mean_gain(gains, month.labels)),
        rankings=rankings,
        intervals=ranking_intervals(by_name, month.labels),
        products=products,
        calibration=[
            CalibrationBin(*map(float, values))
            for values in zip(*reliability(probabilities, outcomes), strict=True)
        ],
    )


def leakage_alarm(products: dict[str, ProductResult]) -> list[str]:
    """The products ranked too well to be believed."""
    return [
        name
        for name, product in products.items()
        if product.auc is not None and product.auc > LEAKAGE_ALARM_AUC
    ]


def ranking_quality(scores: Scores, labels: Float32s) -> RankingQuality:
    """One way to rank, measured against the labels."""
    ranked = RankedMonth.of(scores, labels)
    areas = areas_by_product(scores, labels)
    return RankingQuality(
        map_at_7=mean_average_precision(ranked),
        ndcg_at_5=normalised_gain(ranked),
        hit_rate_at_1=hit_rate(ranked),
        auc_weighted=weighted_area(areas, np.nansum(labels, axis=0)),
        coverage=coverage(ranked),
    )


def product_results(
    probabilities: Scores, month: LabelMonth, lifts: Float64s
) -> dict[str, ProductResult]:
    """Per product: discrimination, and what was observed against what was expected."""
    additions = np.nansum(month.labels, axis=0)
    expected = np.where(month.candidates, probabilities, 0.0).sum(axis=0)
    areas = areas_by_product(probabilities, month.labels)
    return {
        name: ProductResult(
            candidates=int(month.candidates[:, code].sum()),
            additions=int(additions[code]),
            expected=float(expected[code]),
            auc=None if np.isnan(areas[code]) else float(areas[code]),
            observed_over_expected=(
                float(additions[code] / expected[code])
                if additions[code] >= MIN_ADDITIONS
                else None
            ),
            lift_at_top_tenth=None if np.isnan(lifts[code]) else float(lifts[code]),
        )
        for code, name in enumerate(month.vocabulary)
    }


def refuse_unless_honest(manifest: BundleManifest, bank: BankIdentity, test_month: date) -> None:
    """`EvaluationRefused` when the bundle has seen the month, or belongs to another bank."""
    if manifest.product_vocabulary != bank.product_vocabulary or manifest.bank != bank.bank:
        raise EvaluationRefused(
            f"bundle {manifest.bundle_id} was trained on bank {manifest.bank}, this home holds "
            f"{bank.bank}: train a model here first"
        )
    if test_month <= manifest.train_until:
        raise EvaluationRefused(
            f"{test_month} is not after {manifest.train_until}, the last month bundle "
            f"{manifest.bundle_id} was trained on: choose a later month or train with an earlier "
            "--train-until"
        )
