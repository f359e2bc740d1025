"""A bundle's ranker: golden scores, the contract it was trained under, and the order it keeps."""

from __future__ import annotations

import lightgbm
import msgspec
import numpy as np
import pytest

from feature_repo.contract import contract_digest
from feature_repo.transforms import CATEGORY_FEATURES, ColumnLayout
from model_registry.calibration import Calibrators
from model_registry.errors import BundleRefused
from model_registry.manifest import VerifiedBundle
from model_registry.propensity_model import PropensityModel, golden_bytes
from tests.bundle_drafts import draft

LAYOUT = ColumnLayout(("account", "card"), dict.fromkeys(CATEGORY_FEATURES, ()))
CODE = len(LAYOUT.customer_names)
IDENTITY = Calibrators.from_curves([(np.zeros(1), np.zeros(1))] * 2)


def rows(count: int, seed: int = 1) -> np.ndarray:
    matrix = np.random.default_rng(seed).random((count, len(LAYOUT.names))).astype(np.float32)
    matrix[:, CODE] = np.arange(count) % 2
    return matrix


@pytest.fixture(scope="module")
def model_text() -> str:
    matrix = rows(600)
    labels = (matrix[:, 0] > 0.7).astype(np.float32)
    parameters = {"objective": "binary", "verbosity": -1, "num_threads": 1}
    data = lightgbm.Dataset(matrix, labels, categorical_feature=[CODE], params=parameters)
    return lightgbm.train(parameters, data, num_boost_round=10).model_to_string()


def bundle(model_text: str, *, rate: float = 1.0, digest: str | None = None) -> VerifiedBundle:
    manifest = msgspec.structs.replace(
        draft().manifest,
        bundle_id="b",
        contract_digest=digest or contract_digest(),
        product_vocabulary=list(LAYOUT.vocabulary),
        negative_sampling_rate=rate,
    )
    matrix = rows(64, seed=2)
    raw = lightgbm.Booster(model_str=model_text).predict(matrix)
    files = {
        "propensity.txt": model_text.encode(),
        "calibrators.npz": IDENTITY.to_bytes(),
        "golden.npz": golden_bytes(matrix, raw / (raw + (1 - raw) / rate)),
    }
    return VerifiedBundle(manifest, files)


def test_recorded_scores_come_out_again(model_text):
    PropensityModel.load(bundle(model_text)).check_golden()


def test_a_model_that_scores_otherwise_fails_its_golden_rows(model_text):
    good = bundle(model_text)
    other = bundle(model_text, rate=0.5)
    mixed = VerifiedBundle(good.manifest, good.files | {"golden.npz": other.files["golden.npz"]})
    with pytest.raises(BundleRefused, match=r"golden\.npz"):
        PropensityModel.load(mixed).check_golden()


def test_sampling_is_undone_before_calibration(model_text):
    sampled = PropensityModel.load(bundle(model_text, rate=0.1))
    plain = PropensityModel.load(bundle(model_text))
    matrix = rows(50, seed=3)
    raw = plain.uncalibrated(matrix)
    assert sampled.uncalibrated(matrix) == pytest.approx(raw / (raw + (1 - raw) / 0.1))
    sampled.check_golden()


def test_one_row_scores_as_it_does_among_many(model_text):
    model = PropensityModel.load(bundle(model_text))
    matrix = rows(100, seed=4)
    codes = matrix[:, CODE].astype(np.intp)
    together = model.predict(matrix, codes)
    alone = [model.predict(matrix[i : i + 1], codes[i : i + 1])[0] for i in range(100)]
    assert together.tolist() == alone


def test_no_row_gives_no_score(model_text):
    model = PropensityModel.load(bundle(model_text))
    assert model.predict(rows(0), np.empty(0, dtype=np.intp)).shape == (0,)


def test_another_contract_is_refused(model_text):
    with pytest.raises(BundleRefused, match="another feature contract"):
        PropensityModel.load(bundle(model_text, digest="0" * 64))


def test_a_bundle_without_a_needed_file_is_refused_naming_it(model_text):
    whole = bundle(model_text)
    files = {name: data for name, data in whole.files.items() if name != "calibrators.npz"}
    with pytest.raises(BundleRefused, match=r"calibrators\.npz"):
        PropensityModel.load(VerifiedBundle(whole.manifest, files))


def test_a_model_of_another_width_is_refused(model_text):
    whole = bundle(model_text)
    manifest = msgspec.structs.replace(whole.manifest, product_vocabulary=["account"])
    with pytest.raises(BundleRefused, match=r"propensity\.txt expects"):
        PropensityModel.load(VerifiedBundle(manifest, whole.files))
