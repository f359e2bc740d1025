"""A LightGBM model's text as tables of splits, every special case of its own turned into data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from training.errors import RankerNotBuilt

_CATEGORICAL, _DEFAULT_LEFT = 1, 2
_MISSING_NONE, _MISSING_ZERO = 0, 1
_ZERO = float(np.float32(1e-35))
"""LightGBM takes what is not farther from zero than this for zero before it looks at any split."""


@dataclass(frozen=True)
class Split:
    """One decision; `left` and `right` are nodes, or ~leaf.

    With a `bitset` its categories go left, all else right. Without, a value not above the threshold
    goes left, and a missing one as `missing_left` says.
    """

    column: int
    left: int
    right: int
    threshold: float = 0.0
    missing_left: bool = False
    bitset: tuple[int, ...] = ()


@dataclass(frozen=True)
class Tree:
    """Splits, root first, and leaf values; a tree without a split has one leaf."""

    splits: tuple[Split, ...]
    leaves: tuple[float, ...]


def read_trees(text: str) -> list[Tree]:
    """The trees in LightGBM's order; `RankerNotBuilt` names what cannot be expressed."""
    header, *blocks = text.partition("\nend of trees\n")[0].split("\nTree=")
    if "average_output" in header.splitlines():
        raise RankerNotBuilt("its trees are averaged, not summed")
    if not blocks:
        raise RankerNotBuilt("it has no tree")
    try:
        return [_tree(dict(_fields(block))) for block in blocks]
    except (LookupError, ValueError) as error:
        raise RankerNotBuilt(f"its text is of another format ({error!r})") from error


def _fields(block: str) -> Iterator[tuple[str, str]]:
    for line in block.splitlines():
        name, equals, value = line.partition("=")
        if equals:
            yield name, value


def _tree(fields: dict[str, str]) -> Tree:
    if fields.get("is_linear", "0") != "0":
        raise RankerNotBuilt("its leaves hold linear models")
    leaves = tuple(map(float, fields["leaf_value"].split()))
    if len(leaves) == 1:
        return Tree((), leaves)
    names = ("split_feature", "left_child", "right_child", "decision_type")
    places = zip(*(map(int, fields[name].split()) for name in names), strict=True)
    thresholds = map(float, fields["threshold"].split())
    bitsets = _bitsets(fields)
    splits = tuple(_split(*both, bitsets) for both in zip(places, thresholds, strict=True))
    _refuse_broken(splits, len(leaves))
    return Tree(splits, leaves)


def _refuse_broken(splits: Sequence[Split], leaves: int) -> None:
    """Every node but the root, and every leaf, has one parent: native code follows them blindly."""
    children = sorted(child for split in splits for child in (split.left, split.right))
    if children != [*range(-leaves, 0), *range(1, leaves - 1)]:
        raise RankerNotBuilt("one of its trees is broken")


def _bitsets(fields: dict[str, str]) -> list[tuple[int, ...]]:
    bounds = [int(bound) for bound in fields.get("cat_boundaries", "").split()]
    words = [int(word) for word in fields.get("cat_threshold", "").split()]
    return [tuple(words[first:end]) for first, end in pairwise(bounds)]


def _split(place: tuple[int, ...], threshold: float, bitsets: list[tuple[int, ...]]) -> Split:
    column, left, right, kind = place
    if kind & _CATEGORICAL:
        return Split(column, left, right, bitset=bitsets[int(threshold)] or (0,))
    if threshold != threshold:
        raise RankerNotBuilt("it has a threshold that is no number")
    missing = kind >> 2 & 3
    if missing == _MISSING_ZERO:
        raise RankerNotBuilt("it takes zero for a missing value")
    default_left = threshold >= 0 if missing == _MISSING_NONE else bool(kind & _DEFAULT_LEFT)
    return Split(column, left, right, _as_float32(threshold), default_left)


def _as_float32(threshold: float) -> float:
    """The threshold that parts all float32 values as LightGBM's float64 one does."""
    if -_ZERO <= threshold < 0:
        return _next_below(-_ZERO)
    if 0 <= threshold < _ZERO:
        return _ZERO
    with np.errstate(over="ignore"):
        rounded = float(np.float32(threshold))
    return _next_below(rounded) if rounded > threshold else rounded


def _next_below(value: float) -> float:
    return float(np.nextafter(np.float32(value), np.float32(-np.inf)))
