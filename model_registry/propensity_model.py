"""A verified bundle's model: trees, sampling correction and calibration in one call."""

from __future__ import annotations

import io
import math
import re
from dataclasses import dataclass
from typing import Literal

import lightgbm
import numpy as np
from numpy.typing import NDArray

from feature_repo.raw_features import Float32s, Float64s
from feature_repo.transforms import ColumnLayout
from model_registry.bundle_arrays import read_arrays
from model_registry.calibration import CALIBRATORS_FILE, Calibrators, logistic
from model_registry.compiled_ranker import CompiledRanker
from model_registry.contract_fit import refuse_other_contract
from model_registry.errors import BundleRefused
from model_registry.lightgbm_margins import LightgbmMargins
from model_registry.manifest import MODEL_FILE, BundleManifest, VerifiedBundle

__all__ = [
    "CALIBRATORS_FILE",
    "GOLDEN_FILE",
    "MODEL_FILE",
    "PropensityModel",
    "golden_bytes",
    "layout_of",
]

GOLDEN_FILE = "golden.npz"
_GOLDEN_TOLERANCE = 1e-9
_TREE_SIZES = re.compile(rb"^tree_sizes=(.*)\n", re.MULTILINE)
_LEAST_LOG_ODDS = -700.0
_LOG_ODDS = b"\nobjective=binary sigmoid:1\n"


@dataclass(frozen=True)
class PropensityModel:
    """Calibrated probability that a customer takes a product; safe to share between threads.

    With `compiled` it scores by native code, else by LightGBM; `ranker_detail` says why.
    """

    trees: LightgbmMargins
    calibrators: Calibrators
    negative_sampling_rate: float
    layout: ColumnLayout
    golden: tuple[Float32s, Float64s]
    compiled: CompiledRanker | None = None
    ranker_detail: str = "no compiled ranker was looked for"

    @classmethod
    def load(cls, bundle: VerifiedBundle) -> PropensityModel:
        """Parse a verified bundle; `BundleRefused` names the file that cannot be used.

        Signed is not usable: another contract, a damaged tree, a missing array are refused alike.
        """
        manifest = bundle.manifest
        refuse_other_contract(manifest)
        model = cls(
            LightgbmMargins(_booster(bundle.file(MODEL_FILE))),
            Calibrators.from_bytes(bundle.file(CALIBRATORS_FILE)),
            manifest.negative_sampling_rate,
            layout_of(manifest),
            read_golden(bundle.file(GOLDEN_FILE)),
        )
        if model.trees.columns != len(model.layout.names):
            raise BundleRefused(
                f"bundle {manifest.bundle_id}: {MODEL_FILE} expects "
                f"{model.trees.columns} columns and the contract gives "
                f"{len(model.layout.names)}: train again"
            )
        if model.golden[0].shape != (len(model.golden[1]), len(model.layout.names)):
            raise BundleRefused(f"{GOLDEN_FILE}: its rows are of another width: train again")
        return model

    def contributions(self, matrix: Float32s) -> Float64s:
        """What each column adds to the log-odds of each row (rows, columns): TreeSHAP (Lundberg et
        al. 2020), for explaining a few rows.
        """
        shares = self.booster.predict(matrix, pred_contrib=True, num_threads=1)
        each: Float64s = np.asarray(shares, dtype=np.float64)[:, :-1]
        return each

    @property
    def booster(self) -> lightgbm.Booster:
        """The trees in LightGBM, whatever scores."""
        return self.trees.booster

    @property
    def ranker(self) -> Literal["compiled", "lightgbm"]:
        """What scores."""
        return "lightgbm" if self.compiled is None else "compiled"

    def predict(self, matrix: Float32s, product_codes: NDArray[np.intp]) -> Float64s:
        """Calibrated probabilities (m,) of design-matrix rows (m, K), on one thread."""
        odds = self._log_odds(self._scoring.margins(matrix))
        return self.calibrators.apply_to_log_odds(odds, product_codes)

    def predict_candidates(
        self, customer: Float32s, product: Float32s, product_codes: NDArray[np.intp]
    ) -> Float64s:
        """The same (m,) of one customer (1, Kc) and her candidates (1, V, Kp) by product code."""
        odds = self._log_odds(self._scoring.candidate_margins(customer, product, product_codes))
        return self.calibrators.apply_to_log_odds(odds, product_codes)

    def uncalibrated(self, matrix: Float32s) -> Float64s:
        """Probabilities (m,) before calibration, negative sampling undone."""
        odds = self._log_odds(self._scoring.margins(matrix))
        return logistic(np.maximum(odds, _LEAST_LOG_ODDS))

    @property
    def _scoring(self) -> CompiledRanker | LightgbmMargins:
        return self.compiled or self.trees

    def _log_odds(self, margins: Float64s) -> Float64s:
        """Log-odds (m,), sampling undone: keeping a share w of the negatives raised odds by 1/w."""
        return margins + math.log(self.negative_sampling_rate)

    def golden_candidates(self, row: int) -> tuple[Float32s, Float32s, NDArray[np.intp]]:
        """The customer of a golden row (1, Kc) with the products of all of them (1, V, Kp), asked
        by their codes (m,): what decisions send to the ranker.
        """
        rows, width = self.golden[0], len(self.layout.customer_names)
        codes = rows[:, width].astype(np.intp)
        product = np.zeros((1, len(self.layout.vocabulary), rows.shape[1] - width - 1), np.float32)
        product[0, codes] = rows[:, width + 1 :]
        return rows[row : row + 1, :width], product, codes

    def check_golden(self) -> None:
        """`BundleRefused` unless the scores recorded in training come out again here."""
        matrix, expected = self.golden
        if not len(matrix):
            raise BundleRefused(f"{GOLDEN_FILE} holds no row to check by: train again")
        codes = matrix[:, len(self.layout.customer_names)].astype(np.intp)
        scores = self.predict(matrix, codes)
        if not np.allclose(scores, expected, rtol=_GOLDEN_TOLERANCE, atol=0.0):
            gap = float(np.max(np.abs(scores - expected)))
            raise BundleRefused(
                f"{GOLDEN_FILE}: this machine scores the recorded rows differently "
                f"(by up to {gap:.2g}): use the locked versions"
            )


def layout_of(manifest: BundleManifest) -> ColumnLayout:
    """The model columns of the bundle's bank."""
    return ColumnLayout(
        tuple(manifest.product_vocabulary),
        {name: tuple(levels) for name, levels in manifest.category_levels.items()},
    )


def golden_bytes(matrix: Float32s, expected: Float64s) -> bytes:
    """The content of `golden.npz`: design-matrix rows and the scores they must give."""
    buffer = io.BytesIO()
    np.savez(buffer, matrix=matrix, expected=expected)
    return buffer.getvalue()


def _booster(content: bytes) -> lightgbm.Booster:
    """Trees parsed one by one: by `tree_sizes` in parallel, a damaged one ends the process."""
    sizes = _TREE_SIZES.search(content)
    if sizes is None or b"\nend of trees\n" not in content:
        raise BundleRefused(f"{MODEL_FILE} is no complete model: train again")
    if _LOG_ODDS not in content:
        raise BundleRefused(f"{MODEL_FILE} does not give log-odds: train again")
    try:
        booster = lightgbm.Booster(model_str=content.replace(sizes[0], b"", 1).decode())
    except (lightgbm.basic.LightGBMError, ValueError, TypeError) as error:
        raise BundleRefused(f"{MODEL_FILE} cannot be read ({error}): train again") from error
    if booster.num_trees() != len(sizes[1].split()) or booster.num_model_per_iteration() != 1:
        raise BundleRefused(f"{MODEL_FILE} lacks trees it announces: train again")
    return booster


def read_golden(content: bytes) -> tuple[Float32s, Float64s]:
    """What `golden_bytes` wrote; `BundleRefused` when it is something else."""
    matrix, expected = read_arrays(content, GOLDEN_FILE, {"matrix": 2, "expected": 1})
    return np.asarray(matrix, dtype=np.float32), np.asarray(expected, dtype=np.float64)
