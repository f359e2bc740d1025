"""The ranker every scoring peer uses: 300 trees of 31 leaves, in a signed bundle."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timezone

import lightgbm
import numpy as np
from numpy.typing import NDArray

from benchmarks.bank_shape import GROUPS, LEAVES, PRODUCTS, TREES
from benchmarks.bench_values import LEVELS, drawn_features
from feature_repo.contract import VIEWS, contract_digest
from feature_repo.raw_features import Float32s, RawFeatures
from feature_repo.transforms import (
    CATEGORY_FEATURES,
    ColumnLayout,
    customer_columns,
    design_matrix,
    product_columns,
)
from model_registry.calibration import Calibrators
from model_registry.home import BankIdentity, Home
from model_registry.manifest import BundleDraft, BundleManifest
from model_registry.propensity_model import (
    CALIBRATORS_FILE,
    GOLDEN_FILE,
    MODEL_FILE,
    golden_bytes,
)
from model_registry.rates import RATES_FILE, Rates
from model_registry.store import ModelStore
from training.calibration import OutOfFold, fit_calibrators
from training.config import CalibrationConfig
from training.library_versions import library_versions

LEARNING_CUSTOMERS = 1_500
HELD_OUT_CUSTOMERS = 500
GOLDEN_ROWS = 128
RATE = 0.1
PARAMETERS = {
    "objective": "binary",
    "num_leaves": LEAVES,
    "learning_rate": 0.05,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.7,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}
"""No constraint keeps a tree below its 31 leaves."""


@dataclass(frozen=True)
class LabelledRows:
    """Every product of some customers with whether it was taken."""

    matrix: Float32s
    labels: NDArray[np.float64]
    product_codes: NDArray[np.intp]


def write_model(home: Home, day: date, *, seed: int) -> str:
    """Train on drawn customers and write the signed bundle; its id."""
    bank, layout = home.bank(), bench_layout()
    rows = labelled_rows(LEARNING_CUSTOMERS, day, layout, seed=(seed, 1))
    held_out = labelled_rows(HELD_OUT_CUSTOMERS, day, layout, seed=(seed, 2))
    booster = _trained(rows, layout, seed)
    calibrators = _calibrators(booster, held_out)
    model_text = booster.model_to_string()
    require_shape(model_text)
    files = {
        MODEL_FILE: model_text.encode(),
        CALIBRATORS_FILE: calibrators.to_bytes(),
        GOLDEN_FILE: _golden(booster, calibrators, held_out),
        RATES_FILE: Rates(
            product=dict.fromkeys(PRODUCTS, RATE),
            group=dict.fromkeys(GROUPS.values(), RATE),
            overall=RATE,
        ).encode(),
    }
    return ModelStore(home).write(BundleDraft(_manifest(bank, layout, day, seed), files))


def bench_layout() -> ColumnLayout:
    """The model columns of the benchmark's bank."""
    return ColumnLayout(PRODUCTS, {name: LEVELS[name] for name in CATEGORY_FEATURES})


def require_shape(model_text: str) -> None:
    """ValueError unless the model has exactly the trees and leaves the figures are stated for."""
    leaves = re.findall(r"^num_leaves=(\d+)$", model_text, flags=re.MULTILINE)
    if leaves != [str(LEAVES)] * TREES:
        raise ValueError(
            f"the model has {len(leaves)} trees, not all with {LEAVES} leaves: change the seed"
        )


def labelled_rows(
    customers: int, day: date, layout: ColumnLayout, *, seed: tuple[int, ...]
) -> LabelledRows:
    """Drawn customers × all products; what is taken depends on what the columns say, and luck."""
    number = (day - date(1970, 1, 1)).days
    raw = drawn_features(customers, len(PRODUCTS), day=number, seed=seed)
    as_of = np.full(customers, number + 0.999)
    rows = np.repeat(np.arange(customers), len(PRODUCTS))
    codes = np.tile(np.arange(len(PRODUCTS)), customers)
    columns = customer_columns(raw, as_of, layout), product_columns(raw, as_of, layout)
    chances = 1.0 / (1.0 + np.exp(-_wishes(raw)))
    taken = np.random.default_rng((*seed, 3)).random(chances.shape) < chances
    return LabelledRows(
        design_matrix(*columns, rows, codes), taken.ravel().astype(np.float64), codes
    )


def _wishes(raw: RawFeatures) -> NDArray[np.float64]:
    """Log-odds (n, V) of taking each product: affinity, popularity, income and views speak."""
    income = np.log(raw.numbers["income_monthly"])[:, None] - 7.8
    views = np.fmin(raw.lists["viewed_count"], 3.0)
    slopes = np.linspace(-1.0, 1.0, len(PRODUCTS))
    return np.asarray(
        -3.0 + 3.0 * raw.lists["affinity"] + 15.0 * raw.lists["popularity"]
        + income * slopes + 0.5 * views,
        dtype=np.float64,
    )  # fmt: skip


def _trained(rows: LabelledRows, layout: ColumnLayout, seed: int) -> lightgbm.Booster:
    parameters = PARAMETERS | {"seed": seed}
    data = lightgbm.Dataset(
        rows.matrix,
        rows.labels,
        feature_name=[f"c{index}" for index in range(rows.matrix.shape[1])],
        categorical_feature=list(layout.categorical),
        params=parameters,
    )
    return lightgbm.train(parameters, data, num_boost_round=TREES)


def _calibrators(booster: lightgbm.Booster, rows: LabelledRows) -> Calibrators:
    raw = np.asarray(booster.predict(rows.matrix), dtype=np.float64)
    out_of_fold = OutOfFold(raw, rows.labels, rows.product_codes, np.ones(len(raw)))
    return fit_calibrators(out_of_fold, PRODUCTS, GROUPS, CalibrationConfig())


def _golden(booster: lightgbm.Booster, calibrators: Calibrators, rows: LabelledRows) -> bytes:
    matrix, codes = rows.matrix[:GOLDEN_ROWS], rows.product_codes[:GOLDEN_ROWS]
    raw = np.asarray(booster.predict(matrix, num_threads=1), dtype=np.float64)
    return golden_bytes(matrix, calibrators.apply(raw, codes))


def _manifest(bank: BankIdentity, layout: ColumnLayout, day: date, seed: int) -> BundleManifest:
    return BundleManifest(
        bank=bank.bank,
        created_at=datetime.now(timezone.utc),
        contract_digest=contract_digest(),
        product_vocabulary=bank.product_vocabulary,
        product_groups=bank.product_groups,
        category_levels={name: list(levels) for name, levels in layout.category_levels.items()},
        views_with_data=[view.name for view in VIEWS],
        train_until=day,
        label_months=[day],
        data_fingerprint=bank.fingerprint,
        seed=seed,
        library_versions=library_versions(),
        negative_sampling_rate=1.0,
        summary_metrics={},
    )
