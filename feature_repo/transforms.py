"""Raw features to model columns, for one customer or a million: the same in both halves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from feature_repo.column_layout import CATEGORY_FEATURES, PRODUCT_CODE, ColumnLayout
from feature_repo.columns import customer_block, product_block
from feature_repo.columns.elapsed import whole_day
from feature_repo.raw_features import Float32s, Float64s, RawFeatures

__all__ = [
    "CATEGORY_FEATURES",
    "PRODUCT_CODE",
    "ColumnLayout",
    "candidate_matrix",
    "customer_columns",
    "design_matrix",
    "product_columns",
]


def customer_columns(raw: RawFeatures, as_of_days: Float64s, layout: ColumnLayout) -> Float32s:
    """Customer columns (n, Kc) at `as_of_days` (n,), fractional days since 1970-01-01 UTC."""
    return customer_block.columns(raw, whole_day(as_of_days), layout.category_codes)


def product_columns(raw: RawFeatures, as_of_days: Float64s, layout: ColumnLayout) -> Float32s:
    """Product columns (n, V, Kp) of every customer and every product of the vocabulary."""
    block = product_block.columns(raw, whole_day(as_of_days))
    if block.shape[1] != len(layout.vocabulary):
        raise ValueError(
            f"features hold {block.shape[1]} products and the layout {len(layout.vocabulary)}: "
            "they belong to different imports, run `nbo features materialize`"
        )
    return block


def design_matrix(
    customer: Float32s,
    product: Float32s,
    customer_rows: NDArray[np.intp],
    product_codes: NDArray[np.intp],
) -> Float32s:
    """Model rows (m, Kc + 1 + Kp): customer columns, product code, product columns."""
    width = customer.shape[1]
    matrix = np.empty((len(product_codes), width + 1 + product.shape[2]), dtype=np.float32)
    matrix[:, :width] = customer[customer_rows]
    matrix[:, width] = product_codes
    matrix[:, width + 1 :] = product[customer_rows, product_codes]
    return matrix


def candidate_matrix(
    customer: Float32s, product: Float32s, product_codes: NDArray[np.intp]
) -> Float32s:
    """Model rows (m, Kc + 1 + Kp) of one customer (1, Kc) and her candidates (1, V, Kp)."""
    width = customer.shape[1]
    matrix = np.empty((len(product_codes), width + 1 + product.shape[2]), dtype=np.float32)
    matrix[:, :width] = customer
    matrix[:, width] = product_codes
    matrix[:, width + 1 :] = product[0].take(product_codes, axis=0)
    return matrix
