"""LightGBM itself, asked for one matrix on one thread with nothing in between."""

from __future__ import annotations

import ctypes

import lightgbm
import numpy as np
from numpy.typing import NDArray

from feature_repo.raw_features import Float32s, Float64s
from feature_repo.transforms import candidate_matrix

_FLOAT32, _ROW_MAJOR, _RAW_SCORE = 0, 1, 1
_ALL_TREES = (0, -1)


class LightgbmMargins:
    """Log-odds by LightGBM, equal to `Booster.predict(raw_score=True)` bit for bit.

    Its Python wrapper checks, converts and parses parameters for some 30 µs a call, which is more
    than a small model needs for a hundred rows; this calls the same C function directly.
    """

    def __init__(self, booster: lightgbm.Booster) -> None:
        self.booster = booster
        self.columns = int(booster.num_feature())
        self._handle = booster._handle  # noqa: SLF001 - the C interface has no other door
        self._predict = getattr(lightgbm.basic, "_LIB").LGBM_BoosterPredictForMat  # noqa: B009

    def margins(self, matrix: Float32s, *, threads: int = 1) -> Float64s:
        """Log-odds (m,) of design-matrix rows (m, K)."""
        if matrix.ndim != 2 or matrix.shape[1] != self.columns:
            raise ValueError(f"rows of width {matrix.shape[1:]} given, {self.columns} expected")
        rows = np.ascontiguousarray(matrix, dtype=np.float32)
        margins = np.empty(len(rows), dtype=np.float64)
        count = ctypes.c_int64()
        failed = self._predict(
            self._handle,
            ctypes.c_void_p(rows.ctypes.data),
            ctypes.c_int(_FLOAT32),
            ctypes.c_int32(len(rows)),
            ctypes.c_int32(self.columns),
            ctypes.c_int(_ROW_MAJOR),
            ctypes.c_int(_RAW_SCORE),
            *(ctypes.c_int(tree) for tree in _ALL_TREES),
            b"num_threads=%d" % threads,
            ctypes.byref(count),
            ctypes.c_void_p(margins.ctypes.data),
        )
        if failed or count.value != len(rows):
            raise lightgbm.basic.LightGBMError("LightGBM did not score the rows it was given")
        return margins

    def candidate_margins(
        self, customer: Float32s, product: Float32s, product_codes: NDArray[np.intp]
    ) -> Float64s:
        """Log-odds (m,) of one customer (1, Kc) and her candidates (1, V, Kp) by product code."""
        return self.margins(candidate_matrix(customer, product, product_codes))
