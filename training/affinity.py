"""Collaborative filtering by implicit ALS: how well a product fits what the customer holds."""

from __future__ import annotations

import io
from dataclasses import dataclass

import msgspec
import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from feature_repo.raw_features import Float32s, Float64s
from model_registry.bundle_arrays import read_arrays

AFFINITY_FILE = "affinity.npz"


class AffinityConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the affinity model is fitted; held products weigh `1 + confidence`, the others 1."""

    # Few factors, weak confidence, run until converged. On the acquirer panel two monthly refits of
    # 8 factors x 8 iterations at confidence 5 differ by 0.9 standard deviations of the score,
    # these by 0.1: a feature that every refit reshuffles teaches nothing.
    factors: int = 3
    regularization: float = 1.0
    confidence: float = 1.0
    iterations: int = 40
    max_customers: int = 200_000
    seed: int = 0
    """Of the factors' starting values; not a run's own seed: features are built before any run."""


@dataclass(frozen=True)
class AffinityModel:
    """Item factors of the products; customers are folded in, so equal holdings score equal."""

    item_factors: Float64s
    regularization: float
    confidence: float

    def scores(self, held: Float32s) -> Float32s:
        """Scores (n, V) from holdings (n, V) with NaN counted as not held; higher fits better."""
        patterns, inverse = unique_patterns(_as_bits(held))
        items = self.item_factors
        gram = items.T @ items + self.regularization * np.eye(items.shape[1])
        products = items[:, :, None] * items[:, None, :]
        systems = gram + self.confidence * np.tensordot(patterns, products, axes=1)
        wishes = (1.0 + self.confidence) * (patterns @ items)
        users = np.linalg.solve(systems, wishes[:, :, None])[:, :, 0]
        return np.asarray((users @ items.T)[inverse], dtype=np.float32)

    def to_bytes(self) -> bytes:
        """The content of `affinity.npz`; equal models give equal bytes."""
        buffer = io.BytesIO()
        np.savez(
            buffer,
            item_factors=self.item_factors,
            regularization=self.regularization,
            confidence=self.confidence,
        )
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> AffinityModel:
        """Read what `to_bytes` wrote; `BundleRefused` when it is something else."""
        axes = {"item_factors": 2, "regularization": 0, "confidence": 0}
        factors, regularization, confidence = read_arrays(content, AFFINITY_FILE, axes)
        return cls(factors.astype(np.float64), float(regularization), float(confidence))


@dataclass(frozen=True)
class HoldingPatterns:
    """Distinct combinations of products held (k, V), and how many customers hold each (k,)."""

    bits: NDArray[np.bool_]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, held: Float32s) -> HoldingPatterns:
        """The combinations in holdings (n, V), NaN counted as not held, in ascending order."""
        bits = _as_bits(held)
        return cls(bits, np.ones(len(bits), np.int64)).together()

    def __add__(self, other: HoldingPatterns) -> HoldingPatterns:
        """Both together."""
        bits = np.concatenate([self.bits, other.bits])
        return HoldingPatterns(bits, np.concatenate([self.counts, other.counts])).together()

    def together(self) -> HoldingPatterns:
        """The same with every combination once."""
        patterns, inverse = unique_patterns(self.bits)
        counts = np.bincount(inverse, self.counts, len(patterns)).astype(np.int64)
        return HoldingPatterns(patterns > 0, counts)

    def sample(self, most: int) -> NDArray[np.bool_]:
        """At most so many customers (n, V): of all in order of combination every k-th."""
        ends = np.cumsum(self.counts)
        count = int(self.counts.sum())
        chosen = np.arange(0, count, -(-count // most) if count else 1)
        return self.bits[np.searchsorted(ends, chosen, side="right")]


def fit_affinity(held: Float32s, config: AffinityConfig) -> AffinityModel:
    """Fit ALS on holdings (n, V), NaN counted as not held; row order does not matter."""
    return fit_affinity_to(HoldingPatterns.of(held), config)


def fit_affinity_to(patterns: HoldingPatterns, config: AffinityConfig) -> AffinityModel:
    """Fit ALS on customers who hold these combinations."""
    # Every k-th of the ordered customers: a sample that keeps the share of each combination.
    sample = csr_matrix(patterns.sample(config.max_customers).astype(np.float32))
    sample.data[:] = 1.0 + config.confidence
    with one_blas_thread():
        model = AlternatingLeastSquares(
            factors=min(config.factors, patterns.bits.shape[1]),
            regularization=config.regularization,
            iterations=config.iterations,
            num_threads=1,
            random_state=config.seed,
        )
        model.fit(sample, show_progress=False)
    return AffinityModel(
        model.item_factors.astype(np.float64), config.regularization, config.confidence
    )


def one_blas_thread() -> threadpool_limits:
    """Several threads round sums otherwise than one does. Fits side by side need one around them:
    what a fit alone sets would end with the first of them."""
    return threadpool_limits(limits=1, user_api="blas")


def unique_patterns(bits: NDArray[np.bool_]) -> tuple[Float64s, NDArray[np.intp]]:
    """The distinct rows (k, V) as numbers, and for every row which of them it is."""
    packed = np.ascontiguousarray(np.packbits(bits, axis=1))
    keys = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    return bits[first].astype(np.float64), inverse


def _as_bits(held: Float32s) -> NDArray[np.bool_]:
    return np.asarray(np.nan_to_num(held, nan=0.0) > 0.5)
