"""Validation at the edge: every row of an input becomes a canonical row or a rejected one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone

import pandera.errors
import polars as pl

from training.tables.canonical_table import CanonicalTable
from training.tables.errors import TableInvalid
from training.tables.parsing import can_parse, expected, given, parse

LINE = "__line__"
"""Column of raw and good rows: the line (CSV) or row (Parquet) of the input, counted from 1."""
REASON = "__reason__"


@dataclass(frozen=True)
class Checked:
    """Good rows (canonical columns and `LINE`) and rejected ones (columns of `REJECTED`)."""

    good: pl.DataFrame
    rejected: pl.DataFrame


def check_columns(table: CanonicalTable, columns: pl.Schema, file: str) -> None:
    """Stop with one `TableInvalid` naming file, columns and what is expected of them."""
    missing = [name for name in table.required if name not in columns]
    if missing:
        wanted = "; ".join(
            f"{n} ({expected(table.dtypes[n])}: {table.describe(n)})" for n in missing
        )
        raise TableInvalid(f"{file}: missing column(s) for table {table.name}: {wanted}")
    for name, target in table.dtypes.items():
        if name in columns and not can_parse(columns[name], target):
            raise TableInvalid(
                f"{file}: column {name} is {columns[name]}, expected {expected(target)}: "
                f"{table.describe(name)}"
            )


def check_rows(table: CanonicalTable, raw: pl.DataFrame, *, today: date) -> Checked:
    """Split raw rows (their own types, and `LINE`) whose columns passed `check_columns`."""
    present = [name for name in table.dtypes if name in raw.columns]
    typed = raw.select(
        *(_read(table, n, raw.schema[n]) if n in present else pl.lit(None, t).alias(n)
          for n, t in table.dtypes.items()),
        LINE,
        _reasons_of_reading(table, raw, present).alias(REASON),
    )  # fmt: skip
    readable = typed.filter(pl.col(REASON) == "")
    broken = _broken_rules(table, readable.drop(REASON), today)
    good = readable.drop(REASON).join(broken, on=LINE, how="anti", maintain_order="left")
    unread = typed.filter(pl.col(REASON) != "").select(LINE, REASON)
    return Checked(good, rejected_rows(raw, pl.concat([unread, broken])))


def rejected_rows(raw: pl.DataFrame, reasons: pl.DataFrame) -> pl.DataFrame:
    """The raw rows named in `reasons` (`LINE`, `REASON`) as quarantine keeps them."""
    rows = raw.join(reasons.select(LINE, REASON), on=LINE)
    content = [name for name in rows.columns if name not in (LINE, REASON)]
    return rows.select(
        pl.col(LINE).cast(pl.UInt64).alias("line"),
        pl.col(REASON).alias("reason"),
        pl.struct(content).struct.json_encode().alias("row"),
    )


def _read(table: CanonicalTable, name: str, source: pl.DataType) -> pl.Expr:
    value = parse(name, source, table.dtypes[name])
    return value.str.to_lowercase() if name in table.folded else value


def _reasons_of_reading(
    table: CanonicalTable, raw: pl.DataFrame, present: Sequence[str]
) -> pl.Expr:
    """Every reason why a value cannot be read, joined; empty when all can."""
    reasons = []
    for name in present:
        source, target = raw.schema[name], table.dtypes[name]
        unreadable = given(name, source) & parse(name, source, target).is_null()
        reasons.append(pl.when(unreadable).then(pl.lit(f"{name}: expected {expected(target)}")))
    return pl.concat_str(reasons, separator="; ", ignore_nulls=True)


def _broken_rules(table: CanonicalTable, rows: pl.DataFrame, today: date) -> pl.DataFrame:
    """Lines and reasons of rows that the schema, a row rule or the calendar refuses."""
    found = [_schema_failures(table, rows)]
    rules = [(rule.reason, ~rule.holds) for rule in table.row_rules]
    rules.extend(
        (f"{name}: lies in the future", pl.col(name) > _limit(table, name, today))
        for name in table.fact_dates
    )
    for reason, broken in rules:
        lines = rows.filter(broken.fill_null(value=False)).select(LINE)
        found.append(lines.with_columns(pl.lit(reason).alias(REASON)))
    together = pl.concat(found).group_by(LINE, maintain_order=True)
    return together.agg(pl.col(REASON).str.join("; "))


def _limit(table: CanonicalTable, column: str, today: date) -> date | datetime:
    """The latest believable value: tomorrow, because banks lie in other time zones."""
    tomorrow = today + timedelta(days=1)
    if table.dtypes[column] == pl.Date:
        return tomorrow
    return datetime.combine(tomorrow, time(23, 59, 59), tzinfo=timezone.utc)


def _schema_failures(table: CanonicalTable, rows: pl.DataFrame) -> pl.DataFrame:
    """Lines and reasons of rows that pandera refuses."""
    nothing = pl.DataFrame(schema={LINE: rows.schema[LINE], REASON: pl.String})
    try:
        table.schema.validate(rows.drop(LINE), lazy=True)
    except pandera.errors.SchemaErrors as failure:
        cases: pl.DataFrame = failure.failure_cases
    else:
        return nothing
    if cases["index"].null_count():
        raise TableInvalid(f"table {table.name}: {cases['check'][0]} on {cases['column'][0]}")
    said = pl.when(pl.col("check") == "not_nullable").then(pl.lit("missing")).otherwise("check")
    return cases.select(
        rows[LINE].gather(cases["index"]).alias(LINE),
        pl.concat_str("column", pl.lit(": "), said).alias(REASON),
    )
