"""Rows that say the same thing twice, and rows that contradict each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from training.tables.validation import LINE, REASON

CONFLICT = "another row of the same key says something else"


@dataclass(frozen=True)
class Resolved:
    """What is left of the rows, how many were repetitions, and the lines of contradictions."""

    kept: pl.DataFrame
    repeated: int
    conflicting: pl.DataFrame


def resolve(
    rows: pl.DataFrame, key: Sequence[str], *, preferred: pl.Expr | None = None
) -> Resolved:
    """One row per key, whatever the input order; of contradicting rows the least by content stays.

    Where one of them is `preferred` (an expression over the content), that one stays instead.
    `rows` carries `LINE`; `conflicting` has `LINE` and `REASON`, the kept rows come sorted by key.
    """
    often = pl.struct(key).is_duplicated() if len(key) > 1 else pl.col(key[0]).is_duplicated()
    # Most rows are alone, and ordering by every column is much dearer than by the key.
    resolved = _resolved(rows.filter(often), key, preferred)
    kept = pl.concat([rows.filter(~often), resolved.kept]).sort(key)
    return Resolved(kept, resolved.repeated, resolved.conflicting)


def _resolved(rows: pl.DataFrame, key: Sequence[str], preferred: pl.Expr | None) -> Resolved:
    """Rows of which every one has a namesake."""
    first = [] if preferred is None else [~preferred]
    content = [name for name in rows.columns if name not in (*key, LINE)]
    ordered = rows.sort(*key, *first, *(_sortable(rows, name) for name in content), LINE)
    again = pl.all_horizontal(pl.col(name) == pl.col(name).shift() for name in key)
    equal = pl.all_horizontal(
        pl.lit(value=True), *(pl.col(name).eq_missing(pl.col(name).shift()) for name in content)
    )
    marked = ordered.with_columns(
        again.fill_null(value=False).alias("__again__"),
        equal.alias("__equal__"),
        pl.format(f"{CONFLICT}: line {{}} stays", pl.col(LINE).first().over(key)).alias(REASON),
    )
    conflicts = marked.filter(pl.col("__again__") & ~pl.col("__equal__"))
    return Resolved(
        kept=marked.filter(~pl.col("__again__")).drop("__again__", "__equal__", REASON),
        repeated=marked.filter(pl.col("__again__") & pl.col("__equal__")).height,
        conflicting=conflicts.select(LINE, REASON),
    )


def _sortable(rows: pl.DataFrame, name: str) -> pl.Expr:
    column = pl.col(name)
    return column.list.join("|") if rows.schema[name] == pl.List(pl.String) else column
