"""Popularity and last-product transition of a bundle's training months, to compare with."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feature_repo.raw_features import Float32s
from model_registry.bundle_arrays import read_arrays
from model_registry.errors import BundleRefused
from training.baselines import fit_popularity, fit_transition
from training.label_month import LabelMonth

BASELINES_FILE = "baselines.npz"


@dataclass(frozen=True)
class FittedBaselines:
    """Popularity (V,) and transition (V+1, V); its last row is for no known addition."""

    popularity: Float32s
    transition: Float32s

    @classmethod
    def fit(
        cls, months: Sequence[LabelMonth], last_products: Sequence[NDArray[np.intp]]
    ) -> FittedBaselines:
        """Fit both on the labels of some months and what each customer had added last before."""
        return cls(
            fit_popularity(
                [np.nansum(month.labels, axis=0) for month in months],
                [len(month.customers) for month in months],
            ),
            fit_transition(
                np.concatenate([month.labels for month in months]), np.concatenate(last_products)
            ),
        )

    def to_bytes(self) -> bytes:
        """The content of `baselines.npz`; equal baselines give equal bytes."""
        buffer = io.BytesIO()
        np.savez(buffer, popularity=self.popularity, transition=self.transition)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> FittedBaselines:
        """Read what `to_bytes` wrote; `BundleRefused` when it is something else."""
        popularity, transition = read_arrays(
            content, BASELINES_FILE, {"popularity": 1, "transition": 2}
        )
        if transition.shape != (len(popularity) + 1, len(popularity)):
            raise BundleRefused(f"{BASELINES_FILE}: its products do not fit together: train again")
        return cls(popularity.astype(np.float32), transition.astype(np.float32))
