"""A small real model of the toy bank: categories, missing values, and golden rows."""

from __future__ import annotations

from functools import cache

import lightgbm
import msgspec
import numpy as np

from feature_repo.contract import contract_digest
from feature_repo.transforms import CATEGORY_FEATURES, ColumnLayout
from model_registry.calibration import Calibrators
from model_registry.lightgbm_margins import LightgbmMargins
from model_registry.manifest import BundleDraft
from model_registry.propensity_model import PropensityModel, golden_bytes
from tests.bundle_drafts import draft

VOCABULARY = tuple(f"product_{number}" for number in range(40))
LAYOUT = ColumnLayout(VOCABULARY, dict.fromkeys(CATEGORY_FEATURES, ()))
CODE = len(LAYOUT.customer_names)
CUSTOMER_CATEGORY = 3
RATE = 0.25
_CURVE = (np.array([-3.0, 0.0, 3.0]), np.array([-4.0, -0.5, 3.0]))
CALIBRATORS = Calibrators.from_curves([_CURVE] * len(VOCABULARY))


def rows(count: int, seed: int = 1, *, customers: int | None = None) -> np.ndarray:
    """Rows of so many customers (each her own, when not said), a fifth of the values missing."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(count, len(LAYOUT.names))).astype(np.float32)
    matrix[:, CUSTOMER_CATEGORY] = rng.integers(0, 70, count)
    matrix[rng.random(matrix.shape) < 0.2] = np.nan
    matrix[:, CODE] = rng.integers(0, len(VOCABULARY), count)
    if customers is not None and count:
        whose = np.sort(rng.integers(0, min(customers, count), count))
        matrix[:, :CODE] = matrix[whose, :CODE]
    return matrix


@cache
def model_text(seed: int = 1, trees: int = 20, leaves: int = 15) -> str:
    """LightGBM's text of a model that splits on categories and numbers of both sides."""
    matrix = rows(1500, seed)
    rng = np.random.default_rng(seed)
    known = np.nan_to_num(matrix)
    signal = known[:, 0] + np.sin(known[:, CODE]) + known[:, CODE + 1] * (known[:, 3] % 3 - 1)
    labels = (signal + rng.normal(size=len(signal)) > 0).astype(np.float32)
    parameters = {
        "objective": "binary",
        "num_leaves": leaves,
        "min_data_in_leaf": 5,
        "min_data_per_group": 5,
        "seed": seed,
        "verbosity": -1,
        "num_threads": 1,
    }
    categories = [CUSTOMER_CATEGORY, CODE]
    data = lightgbm.Dataset(matrix, labels, categorical_feature=categories, params=parameters)
    return lightgbm.train(parameters, data, num_boost_round=trees).model_to_string()


def scored_draft(text: str | None = None, *, bank: str = "toy", second: int = 0) -> BundleDraft:
    """A bundle that loads, with golden rows scored by LightGBM."""
    text = model_text() if text is None else text
    matrix = rows(64, seed=2)
    trees = LightgbmMargins(lightgbm.Booster(model_str=text))
    empty = (matrix[:0], np.empty(0))
    model = PropensityModel(trees, CALIBRATORS, RATE, LAYOUT, empty)
    expected = model.predict(matrix, matrix[:, CODE].astype(np.intp))
    files = {
        "propensity.txt": text.encode(),
        "calibrators.npz": CALIBRATORS.to_bytes(),
        "golden.npz": golden_bytes(matrix, expected),
    }
    manifest = msgspec.structs.replace(
        draft(second).manifest,
        bank=bank,
        contract_digest=contract_digest(),
        product_vocabulary=list(VOCABULARY),
        negative_sampling_rate=RATE,
    )
    return BundleDraft(manifest, files)
