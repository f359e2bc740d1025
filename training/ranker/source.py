"""The C program of one model: its trees as constant tables, then the kernel that walks them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.errors import RankerNotBuilt
from training.ranker.lightgbm_trees import Split, Tree

_KERNEL = Path(__file__).with_name("kernel.c")
_MOST_WORDS, _MOST_COLUMNS, _MOST_SPLITS = 64, 1024, 256
"""Of categories, product columns and product splits on one path: they stand on the stack."""
_MOST_ANY_WORDS = 65535
_TYPES = """\
#include <stdint.h>
typedef struct {
    float threshold;
    int32_t child[2], bitset; /* left, right: nodes, or ~leaf */
    uint16_t column, words, first_word;
    uint8_t missing_left;
} Node;
typedef struct { int product_column, first_word, words; } CategoryColumn;
"""


@dataclass(frozen=True)
class MatrixShape:
    """Columns of a design-matrix row: those all of a customer's rows share, the product's code, the
    product's other columns.
    """

    columns: int
    customer_columns: int


def ranker_source(trees: Sequence[Tree], shape: MatrixShape, model_sha256: str) -> str:
    """One C file; equal trees give equal text. `RankerNotBuilt` when they outgrow the kernel."""
    categories = _category_columns(trees, shape)
    words = sum(categories.values())
    waiting = max(_product_splits(tree, 0, shape) for tree in trees)
    if words > _MOST_WORDS or shape.columns - shape.customer_columns > _MOST_COLUMNS:
        raise RankerNotBuilt("it has too many products or product columns")
    if waiting > _MOST_SPLITS:
        raise RankerNotBuilt("its trees are too deep")
    sizes = {
        "TREES": len(trees),
        "COLUMNS": shape.columns,
        "CUSTOMER_COLUMNS": shape.customer_columns,
        "PRODUCT_COLUMNS": shape.columns - shape.customer_columns,
        "CATEGORY_COLUMNS": len(categories),
        "CATEGORY_WORDS": max(words, 1),
        "MOST_WAITING": max(waiting, 1),
    }
    exported = '__attribute__((visibility("default"))) const'
    lines = [
        "enum { " + ", ".join(f"{name} = {size}" for name, size in sizes.items()) + " };",
        *_tables(trees, shape, categories),
        f"{exported} int64_t nbo_columns = {shape.columns};",
        f"{exported} int64_t nbo_customer_columns = {shape.customer_columns};",
        f'{exported} char nbo_model_sha256[65] = "{model_sha256}";',
    ]
    return _TYPES + "\n".join(lines) + "\n" + _KERNEL.read_text()


def _tables(trees: Sequence[Tree], shape: MatrixShape, categories: dict[int, int]) -> Iterable[str]:
    first_words, first_word = {}, 0
    for column, count in categories.items():
        first_words[column] = first_word
        first_word += count
    nodes: list[str] = []
    leaves: list[float] = []
    roots: list[int] = []
    bitsets: list[int] = []
    for tree in trees:
        node, leaf = len(nodes), len(leaves)
        roots.append(node if tree.splits else ~leaf)
        for split in tree.splits:
            left, right = (
                node + child if child >= 0 else child - leaf for child in (split.left, split.right)
            )
            first_word = first_words.get(split.column, 0)
            nodes.append(
                f"{{{_float(split.threshold)},{{{left},{right}}},{len(bitsets)},{split.column},"
                f"{len(split.bitset)},{first_word},{int(split.missing_left)}}}"
            )
            bitsets += split.bitset
        leaves += tree.leaves
    yield _table("Node nodes", nodes or ["{0}"])
    yield _table("double leaves", map(_double, leaves))
    yield _table("int32_t roots", map(str, roots))
    yield _table("uint32_t bitsets", (f"{word}u" for word in bitsets or [0]))
    columns = (
        f"{{{column - shape.customer_columns},{first_words[column]},{count}}}"
        for column, count in categories.items()
    )
    yield _table("CategoryColumn category_columns", list(columns) or ["{0}"])


def _category_columns(trees: Sequence[Tree], shape: MatrixShape) -> dict[int, int]:
    """Product columns that any split takes as a category, and their words."""
    categories: dict[int, int] = {}
    for split in (split for tree in trees for split in tree.splits):
        if not 0 <= split.column < min(shape.columns, _MOST_ANY_WORDS):
            raise RankerNotBuilt("it splits on a column the bundle does not have")
        if len(split.bitset) > _MOST_ANY_WORDS:
            raise RankerNotBuilt("it has too many categories")
        if split.bitset and split.column >= shape.customer_columns:
            categories[split.column] = max(categories.get(split.column, 0), len(split.bitset))
    return dict(sorted(categories.items()))


def _product_splits(tree: Tree, node: int, shape: MatrixShape) -> int:
    """The most splits on product columns on any way from the root to a leaf."""
    most, ways = 0, [(node, 0)] if tree.splits else []
    while ways:
        at, count = ways.pop()
        split: Split = tree.splits[at]
        count += split.column >= shape.customer_columns
        most = max(most, count)
        ways += [(child, count) for child in (split.left, split.right) if child >= 0]
    return most


def _table(declaration: str, values: Iterable[str]) -> str:
    return f"static const {declaration}[] = {{{','.join(values)}}};"


def _float(value: float) -> str:
    return _double(value) + ("" if math.isinf(value) else "f")


def _double(value: float) -> str:
    if math.isinf(value):
        return "__builtin_inf()" if value > 0 else "-__builtin_inf()"
    return value.hex()
