"""From labelled rows to a calibrated ranker: pure, everything it needs is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import lightgbm
import numpy as np

from feature_repo.raw_features import Float64s
from model_registry.calibration import Calibrators
from model_registry.lightgbm_margins import LightgbmMargins
from model_registry.propensity_model import (
    CALIBRATORS_FILE,
    GOLDEN_FILE,
    MODEL_FILE,
    PropensityModel,
    golden_bytes,
)
from training.calibration import OutOfFold, fit_calibrators
from training.config import TrainConfig
from training.dataset import TrainingSet
from training.fitted_baselines import BASELINES_FILE, FittedBaselines
from training.label_month import LabelMonth
from training.metrics import (
    RankedMonth,
    areas_by_product,
    expected_calibration_error,
    mean_average_precision,
    weighted_area,
)
from training.progress import Progress
from training.propensity import fit_propensity

GOLDEN_ROWS = 128


@dataclass(frozen=True)
class FittedModel:
    """The ranker as bundle files, and what its cross-fitted twin measured in training."""

    files: dict[str, bytes]
    out_of_fold: dict[str, float]


def fit_model(
    months: Sequence[LabelMonth],
    rows: TrainingSet,
    groups: Mapping[str, str],
    config: TrainConfig,
    *,
    progress: Progress,
) -> FittedModel:
    """Fit ranker, calibrators and baselines; equal rows, config and versions give equal bytes."""
    propensity = fit_propensity(rows, config, progress=progress)
    progress("calibration", 0, None)
    held_out = OutOfFold(
        propensity.out_of_fold,
        rows.labels,
        rows.product_codes,
        np.where(rows.labels == 1, 1.0, 1.0 / rows.negative_rate),
    )
    calibrators = fit_calibrators(held_out, rows.layout.vocabulary, groups, config.calibration)
    baselines = FittedBaselines.fit(months, rows.last_products)
    files = {
        MODEL_FILE: propensity.model_text.encode(),
        CALIBRATORS_FILE: calibrators.to_bytes(),
        GOLDEN_FILE: _golden(propensity.model_text, calibrators, rows),
        BASELINES_FILE: baselines.to_bytes(),
    }
    return FittedModel(files, _out_of_fold_measures(propensity.out_of_fold, calibrators, rows))


def _golden(model_text: str, calibrators: Calibrators, rows: TrainingSet) -> bytes:
    """Rows spread evenly over the training set, and what the stored model says of them."""
    count = min(GOLDEN_ROWS, len(rows.labels))
    matrix = rows.matrix[np.linspace(0, len(rows.labels) - 1, count).astype(np.intp)]
    codes = matrix[:, len(rows.layout.customer_names)].astype(np.intp)
    trees = LightgbmMargins(lightgbm.Booster(model_str=model_text))
    empty = (matrix[:0], np.empty(0))
    model = PropensityModel(trees, calibrators, rows.negative_rate, rows.layout, empty)
    return golden_bytes(matrix, model.predict(matrix, codes))


def _out_of_fold_measures(
    raw: Float64s, calibrators: Calibrators, rows: TrainingSet
) -> dict[str, float]:
    """Discrimination and, where every candidate became a row, ranking and calibration as well."""
    calibrated = calibrators.apply(raw, rows.product_codes)
    labels = rows.by_pair(rows.labels)
    areas = areas_by_product(rows.by_pair(calibrated), labels)
    measures = {"out_of_fold_auc_weighted": weighted_area(areas, np.nansum(labels, axis=0))}
    if rows.negative_rate < 1.0:
        return measures
    for name, scores in (("", calibrated), ("_uncalibrated", raw)):
        ranked = RankedMonth.of(rows.by_pair(scores), labels)
        measures[f"out_of_fold_map_at_7{name}"] = mean_average_precision(ranked)
    measures["out_of_fold_ece"] = expected_calibration_error(calibrated, rows.labels)
    return measures
