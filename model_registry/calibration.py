"""Calibration curves of all products as one interpolation: raw probability in, honest one out."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feature_repo.raw_features import Float64s
from model_registry.bundle_arrays import read_arrays
from model_registry.errors import BundleRefused

CALIBRATORS_FILE = "calibrators.npz"

LOGIT_LIMIT = 30.0
"""Log-odds are clipped here: one in ten million million is as good as never."""
_SPAN = 4.0 * LOGIT_LIMIT


@dataclass(frozen=True)
class Calibrators:
    """Strictly increasing curves per product code, in log-odds: ranking within a product survives.

    `keys` = code * span + raw log-odds, ascending over all products; `values` = calibrated ones.
    """

    keys: Float64s
    values: Float64s

    def apply(self, probabilities: Float64s, product_codes: NDArray[np.intp]) -> Float64s:
        """Calibrated probabilities (m,) of raw ones (m,) of these products (m,)."""
        return self.apply_to_log_odds(log_odds(probabilities), product_codes)

    def apply_to_log_odds(self, odds: Float64s, product_codes: NDArray[np.intp]) -> Float64s:
        """Calibrated probabilities (m,) of raw log-odds (m,), clipped to ± `LOGIT_LIMIT`."""
        keys = np.maximum(odds, -LOGIT_LIMIT)
        np.minimum(keys, LOGIT_LIMIT, out=keys)
        keys += product_codes * _SPAN
        return logistic(np.interp(keys, self.keys, self.values))

    def to_bytes(self) -> bytes:
        """The content of `calibrators.npz`; equal curves give equal bytes."""
        buffer = io.BytesIO()
        np.savez(buffer, keys=self.keys, values=self.values)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Calibrators:
        """Read what `to_bytes` wrote; `BundleRefused` when it is no set of increasing curves."""
        keys, values = read_arrays(content, CALIBRATORS_FILE, {"keys": 1, "values": 1})
        if not keys.size or keys.shape != values.shape:
            raise BundleRefused(f"{CALIBRATORS_FILE}: curves are incomplete: train again")
        if not np.all(np.diff(keys) > 0):
            raise BundleRefused(f"{CALIBRATORS_FILE}: curves are out of order: train again")
        return cls(keys.astype(np.float64), values.astype(np.float64))

    @classmethod
    def from_curves(cls, curves: list[tuple[Float64s, Float64s]]) -> Calibrators:
        """One curve per product code: raw and calibrated log-odds at its knots, both ascending.

        Beyond its outer knots a curve goes on with slope one: the same correction as at the knot.
        """
        keys, values = [], []
        for code, (raw, calibrated) in enumerate(curves):
            ends = np.array([-LOGIT_LIMIT - 1.0, LOGIT_LIMIT + 1.0])
            outer = calibrated[[0, -1]] + (ends - raw[[0, -1]])
            keys.append(code * _SPAN + np.concatenate([ends[:1], raw, ends[1:]]))
            values.append(np.concatenate([outer[:1], calibrated, outer[1:]]))
        return cls(np.concatenate(keys), np.concatenate(values))


def log_odds(probabilities: Float64s) -> Float64s:
    """ln(p / (1 - p)), clipped to ± `LOGIT_LIMIT`."""
    with np.errstate(divide="ignore"):
        odds = np.log(probabilities) - np.log1p(-probabilities)
    return np.asarray(np.clip(odds, -LOGIT_LIMIT, LOGIT_LIMIT), dtype=np.float64)


def logistic(odds: Float64s) -> Float64s:
    """The probability with these log-odds."""
    probabilities = np.negative(odds, dtype=np.float64)
    np.exp(probabilities, out=probabilities)
    probabilities += 1.0
    return np.reciprocal(probabilities, out=probabilities)


def undo_sampling(probabilities: Float64s, negative_rate: float) -> Float64s:
    """p' = p / (p + (1 - p) / w): what the model would say had all negatives been kept."""
    return np.asarray(probabilities / (probabilities + (1.0 - probabilities) / negative_rate))
