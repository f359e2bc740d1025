"""Which model columns exist, in which order, for one bank's vocabulary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from feature_repo.columns import customer_block, product_block
from feature_repo.contract import FEATURES, Kind

CATEGORY_FEATURES = tuple(
    feature.name for feature in FEATURES if feature.kind is Kind.CATEGORY and feature.model_input
)
"""Category features a model may see, in contract order: the keys of `category_levels`."""

PRODUCT_CODE = "product_code"
"""Name of the column between the customer's and the product's block."""


@dataclass(frozen=True)
class ColumnLayout:
    """The model columns of one bank; a level's position in `category_levels` is its code.

    A category without levels, or a value outside them, is NaN.
    """

    vocabulary: tuple[str, ...]
    category_levels: Mapping[str, tuple[str, ...]]

    @cached_property
    def customer_names(self) -> tuple[str, ...]:
        """Columns that describe the customer, in order."""
        return customer_block.names(self.vocabulary, CATEGORY_FEATURES)

    @cached_property
    def product_names(self) -> tuple[str, ...]:
        """Columns that describe one product to the customer, in order."""
        return product_block.NAMES

    @cached_property
    def names(self) -> tuple[str, ...]:
        """All columns of the design matrix, in order."""
        return (*self.customer_names, PRODUCT_CODE, *self.product_names)

    @cached_property
    def categorical(self) -> tuple[int, ...]:
        """Indices of the columns whose numbers are codes."""
        wanted = {*CATEGORY_FEATURES, PRODUCT_CODE}
        return tuple(index for index, name in enumerate(self.names) if name in wanted)

    @cached_property
    def category_codes(self) -> dict[str, dict[str, float]]:
        """Per category feature, the code of every known level."""
        return {
            name: {
                level: float(code) for code, level in enumerate(self.category_levels.get(name, ()))
            }
            for name in CATEGORY_FEATURES
        }
