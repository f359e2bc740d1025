"""The ranker: one LightGBM model over customer × product, and its out-of-fold predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np

from feature_repo.raw_features import Float64s
from feature_repo.transforms import ColumnLayout
from model_registry.calibration import undo_sampling
from training.config import PropensityConfig, TrainConfig
from training.dataset import TrainingSet
from training.errors import TrainingRefused
from training.progress import Progress

PRIORS = ("affinity", "popularity", "transition")


@dataclass(frozen=True)
class Propensity:
    """The model's text, and what models that never saw the row's customer said of every row."""

    model_text: str
    out_of_fold: Float64s


def fit_propensity(rows: TrainingSet, config: TrainConfig, *, progress: Progress) -> Propensity:
    """Fit one model per calibration fold on the other customers, then one on all rows.

    `TrainingRefused` when there are too few customers for every fold to have one.
    """
    folds = config.calibration.folds
    _refuse_empty_folds(rows, folds)
    parameters = lightgbm_parameters(rows.layout, config)
    data = lightgbm.Dataset(
        rows.matrix,
        rows.labels,
        feature_name=[f"c{index}" for index in range(rows.matrix.shape[1])],
        categorical_feature=list(rows.layout.categorical),
        params=parameters,
        free_raw_data=False,
    )
    data.construct()
    predictions = np.empty(len(rows.labels), dtype=np.float64)
    for fold in range(folds):
        progress("out-of-fold models", fold, folds)
        inside = np.flatnonzero(rows.folds != fold)
        held_out = np.flatnonzero(rows.folds == fold)
        model = _fit(data.subset(inside.tolist()), parameters, config.propensity)
        raw = model.predict(rows.matrix[held_out], num_threads=config.threads)
        predictions[held_out] = undo_sampling(np.asarray(raw), rows.negative_rate)
    progress("out-of-fold models", folds, folds)
    model = _fit(data, parameters, config.propensity)
    return Propensity(model.model_to_string(), predictions)


def _refuse_empty_folds(rows: TrainingSet, folds: int) -> None:
    filled = len(np.unique(rows.folds))
    if filled < folds:
        raise TrainingRefused(
            f"calibration.folds is {folds}, but the customers of the training rows fill only"
            f" {filled}: use fewer folds, or more label months"
        )


def lightgbm_parameters(layout: ColumnLayout, config: TrainConfig) -> dict[str, Any]:
    """All parameters, those that make two runs equal to the byte included."""
    chosen = config.propensity
    return {
        "objective": "binary",
        "learning_rate": chosen.learning_rate,
        "num_leaves": chosen.num_leaves,
        "min_data_in_leaf": chosen.min_data_in_leaf,
        "feature_fraction": chosen.feature_fraction,
        "bagging_fraction": chosen.bagging_fraction,
        "bagging_freq": 1,
        "lambda_l2": chosen.lambda_l2,
        "cat_smooth": chosen.cat_smooth,
        **_prior_parameters(layout, chosen.prior_gain_weight),
        "seed": config.seed,
        "num_threads": config.threads,
        "deterministic": True,
        "force_row_wise": True,
        "feature_pre_filter": False,
        "verbosity": -1,
    }


def _prior_parameters(layout: ColumnLayout, gain_weight: float) -> dict[str, Any]:
    """Priors only raise a score, add to the other columns' effect and pay for every split."""
    priors = set(prior_columns(layout))
    columns = range(len(layout.names))
    return {
        "monotone_constraints": [int(index in priors) for index in columns],
        "interaction_constraints": [[i for i in columns if i not in priors], sorted(priors)],
        "feature_contri": [gain_weight if index in priors else 1.0 for index in columns],
    }


def prior_columns(layout: ColumnLayout) -> list[int]:
    """Positions of the columns that are models themselves, refitted every month."""
    return [layout.names.index(name) for name in PRIORS]


def _fit(
    data: lightgbm.Dataset, parameters: dict[str, Any], config: PropensityConfig
) -> lightgbm.Booster:
    return lightgbm.train(parameters, data, num_boost_round=config.rounds)
