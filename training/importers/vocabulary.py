"""Whether rows name only products of the bank, and lists of products in the vocabulary's order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from training.tables.validation import LINE, REASON

_LISTS = ("held", "unknown")


@dataclass(frozen=True)
class Vocabulary:
    """The bank's products in their order."""

    products: Sequence[str]

    def foreign(self, rows: pl.DataFrame) -> pl.DataFrame:
        """`LINE` and `REASON` of rows that name a product the table products does not list."""
        found = [
            rows.filter(self._is_foreign(rows, name)).select(
                LINE, pl.lit(f"{name}: names a product that is not in products").alias(REASON)
            )
            for name in (*_LISTS, "product_id")
            if name in rows.columns
        ]
        nothing = pl.DataFrame(schema={LINE: rows.schema[LINE], REASON: pl.String})
        return pl.concat([nothing, *found]).unique(LINE, keep="first", maintain_order=True)

    def ordered(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows with every list of products in vocabulary order, without repetitions or null."""
        names = [name for name in _LISTS if name in rows.columns]
        return rows.with_columns(self._ordered(rows, name) for name in names)

    def _is_foreign(self, rows: pl.DataFrame, name: str) -> pl.Expr:
        if rows.schema[name] == pl.String:
            return pl.col(name).is_not_null() & ~pl.col(name).is_in(list(self.products))
        known = pl.lit(list(self.products), pl.List(pl.String))
        return pl.col(name).list.set_difference(known).list.len() > 0

    def _ordered(self, rows: pl.DataFrame, name: str) -> pl.Series:
        texts = rows[name].list.join("|").fill_null("")
        distinct = texts.unique().to_list()
        sorted_texts = {text: self._sorted(text) for text in distinct}
        lists = texts.replace_strict(sorted_texts, return_dtype=pl.String).str.split("|")
        return lists.list.eval(pl.element().filter(pl.element() != "")).alias(name)

    def _sorted(self, text: str) -> str:
        named = set(text.split("|"))
        return "|".join(product for product in self.products if product in named)
