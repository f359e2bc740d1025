"""A bundle's ranker: golden scores, the contract it was trained under, and the order it keeps."""

from __future__ import annotations

import io
import re

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
from model_registry.rates import Rates
from tests.bundle_drafts import draft
from training.fitted_baselines import FittedBaselines

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


def damages(files: dict[str, bytes]) -> dict[str, tuple[str, bytes]]:
    """Signed and still unusable: the file, and what it holds."""
    text, golden = files["propensity.txt"], np.load(io.BytesIO(files["golden.npz"]))
    nameless, other = io.BytesIO(), io.BytesIO()
    np.savez(nameless, matrix=golden["matrix"])
    np.savez(other, keys=np.zeros((2, 2)), values=np.array(["a", "b"]))
    # A damaged tree found by several threads at once would end the whole process.
    unbranched = text.replace(b"left_child=", b"left_chil=", 1)
    return {
        "no model at all": ("propensity.txt", b"hello"),
        "not even text": ("propensity.txt", b"\xff" + text),
        "half a model": ("propensity.txt", text[: len(text) // 2]),
        "a tree without branches": ("propensity.txt", unbranched),
        "a tree with a word for a number": (
            "propensity.txt",
            text.replace(b"threshold=", b"threshold=x", 1),
        ),
        "a tree less": (
            "propensity.txt",
            text[: text.index(b"Tree=9")] + text[text.index(b"end of trees") :],
        ),
        "no archive": ("calibrators.npz", b"curves"),
        "half an archive": ("golden.npz", files["golden.npz"][:400]),
        "an array too few": ("golden.npz", nameless.getvalue()),
        "arrays of another shape": ("calibrators.npz", other.getvalue()),
        "rows of another width": ("golden.npz", golden_bytes(rows(3)[:, 1:], np.zeros(3))),
    }


@pytest.mark.parametrize(
    "damage",
    [
        "no model at all",
        "not even text",
        "half a model",
        "a tree without branches",
        "a tree with a word for a number",
        "a tree less",
        "no archive",
        "half an archive",
        "an array too few",
        "arrays of another shape",
        "rows of another width",
    ],
)
def test_a_signed_but_unusable_file_is_refused_naming_it(model_text, damage):
    whole = bundle(model_text)
    name, content = damages(whole.files)[damage]
    with pytest.raises(BundleRefused, match=re.escape(name)):
        PropensityModel.load(VerifiedBundle(whole.manifest, whole.files | {name: content}))


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"product": {"\xff": 1}}'])
def test_unusable_rates_are_refused_naming_them(content):
    with pytest.raises(BundleRefused, match=r"rates\.json"):
        Rates.decode(content)


def test_unusable_baselines_are_refused_naming_them():
    ragged = FittedBaselines(np.zeros(2, np.float32), np.zeros((2, 2), np.float32)).to_bytes()
    for content in (b"", b"PK", ragged, ragged[:-30]):
        with pytest.raises(BundleRefused, match=r"baselines\.npz"):
            FittedBaselines.from_bytes(content)


def test_a_bundle_without_baselines_is_refused_naming_them(model_text):
    with pytest.raises(BundleRefused, match=r"baselines\.npz is not part of it"):
        bundle(model_text).file("baselines.npz")


def test_a_model_of_another_width_is_refused(model_text):
    whole = bundle(model_text)
    manifest = msgspec.structs.replace(whole.manifest, product_vocabulary=["account"])
    with pytest.raises(BundleRefused, match=r"propensity\.txt expects"):
        PropensityModel.load(VerifiedBundle(manifest, whole.files))
