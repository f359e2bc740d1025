"""Independent random streams, one per block and purpose: blocks can be drawn in any order."""

from __future__ import annotations

from zlib import crc32

import numpy as np
from numpy.typing import NDArray


def stream(seed: int, block: int, purpose: str) -> np.random.Generator:
    """The generator of one block (-1 = the whole bank) and purpose."""
    key = (block + 1, crc32(purpose.encode()))
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=key)))


def choose(
    random: np.random.Generator, weights: NDArray[np.floating], rows: NDArray[np.integer]
) -> NDArray[np.intp]:
    """For each entry of `rows` one column of `weights`, in proportion to that row's weights."""
    cumulative = np.cumsum(weights, axis=1, dtype=np.float32)
    at = random.random(len(rows), np.float32) * cumulative[rows, -1]
    chosen = (cumulative[rows] <= at[:, None]).sum(axis=1)
    return np.asarray(np.minimum(chosen, weights.shape[1] - 1))


def choose_each(random: np.random.Generator, weights: NDArray[np.floating]) -> NDArray[np.intp]:
    """One column per row, in proportion to its weights; weight zero is never drawn."""
    cumulative = np.cumsum(weights, axis=1, dtype=np.float64)
    at = random.random(len(weights)) * cumulative[:, -1]
    chosen = (cumulative <= at[:, None]).sum(axis=1)
    last = weights.shape[1] - 1 - np.argmax(weights[:, ::-1] > 0, axis=1)
    return np.asarray(np.minimum(chosen, last))


def choose_from(
    random: np.random.Generator, weights: NDArray[np.floating], count: int
) -> NDArray[np.intp]:
    """`count` indices drawn in proportion to one shared list of weights."""
    cumulative = np.cumsum(weights, dtype=np.float64)
    at = random.random(count) * cumulative[-1]
    chosen = np.searchsorted(cumulative, at, side="right")
    return np.asarray(np.minimum(chosen, len(weights) - 1))
