"""A bundle's trees as native code: the same log-odds as LightGBM's, many times faster."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import byref
from typing import Any

import numpy as np

from feature_repo.raw_features import Float32s, Float64s
from model_registry.errors import RankerRefused
from model_registry.native_library import load_library

_buffer: Callable[[Any], ctypes.c_char] = ctypes.c_char.from_buffer


class CompiledRanker:
    """One loaded library; safe to share between threads, and it runs without the interpreter lock.

    `model_sha256` is the digest of the LightGBM text it was made from.
    """

    def __init__(self, library: bytes) -> None:
        self._library = load_library(library)
        try:
            self._score = self._library.nbo_margins
            self.columns = ctypes.c_int64.in_dll(self._library, "nbo_columns").value
            digest = (ctypes.c_char * 64).in_dll(self._library, "nbo_model_sha256")
        except (AttributeError, ValueError) as error:
            raise RankerRefused(f"its library is of another format ({error})") from error
        self.model_sha256 = digest.value.decode("ascii", "replace")
        self._score.argtypes = (ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p)
        self._score.restype = None

    def margins(self, matrix: Float32s) -> Float64s:
        """Log-odds (m,) of design-matrix rows (m, K); one request's rows, which share a customer,
        are scored together.
        """
        if matrix.ndim != 2 or matrix.shape[1] != self.columns:
            raise ValueError(f"rows of width {matrix.shape[1:]} given, {self.columns} expected")
        margins = np.empty(len(matrix), dtype=np.float64)
        if not len(matrix):
            return margins
        if matrix.dtype != np.float32 or not (matrix.flags.c_contiguous and matrix.flags.writeable):
            matrix = np.array(matrix, dtype=np.float32, order="C")
        # A fifth of the time `matrix.ctypes.data` takes, and it keeps the arrays alive as well.
        self._score(byref(_buffer(matrix)), len(matrix), byref(_buffer(margins)))
        return margins
