"""From whatever a file holds to the canonical type; what cannot be read becomes null."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import polars.selectors as cs

_TRUTH = {
    "true": True, "t": True, "yes": True, "y": True, "1": True,
    "false": False, "f": False, "no": False, "n": False, "0": False,
}  # fmt: skip
_EXPECTED = {
    pl.String: "text",
    pl.Date: "a day as YYYY-MM-DD",
    pl.Datetime: "an instant as YYYY-MM-DDThh:mm:ss with offset (none = UTC)",
    pl.Float64: "a finite number",
    pl.Int8: "a small whole number",
    pl.Boolean: "true or false",
    pl.List: "product ids separated by |",
}
_ACCEPTED: dict[type[pl.DataType], cs.Selector] = {
    pl.String: cs.string(include_categorical=True) | cs.integer(),
    pl.Date: cs.string() | cs.date() | cs.datetime(),
    pl.Datetime: cs.string() | cs.date() | cs.datetime(),
    pl.Float64: cs.string() | cs.numeric(),
    pl.Int8: cs.string() | cs.numeric(),
    pl.Boolean: cs.string() | cs.boolean() | cs.integer(),
    pl.List: cs.string() | cs.by_dtype(pl.List(pl.String), pl.List(pl.Categorical)),
}


def expected(target: pl.DataType) -> str:
    """What a value of the target type looks like, for a person."""
    return _EXPECTED[target.base_type()]


def can_parse(source: pl.DataType, target: pl.DataType) -> bool:
    """Whether values of the source type can be read as the target type at all."""
    if source == pl.Null:
        return True
    probe = pl.DataFrame(schema={"probe": source})
    return bool(cs.expand_selector(probe, _ACCEPTED[target.base_type()]))


def parse(name: str, source: pl.DataType, target: pl.DataType) -> pl.Expr:
    """The column read as the target type; null where it is empty or unreadable."""
    if source == pl.Null:
        return pl.lit(None, target).alias(name)
    value = pl.col(name)
    if source.base_type() in (pl.Categorical, pl.Enum):
        value = value.cast(pl.String)
    textual = source.base_type() in (pl.String, pl.Categorical, pl.Enum)
    parsed = _from_text(value, target) if textual else _from_native(value, source, target)
    return parsed.alias(name)


def given(name: str, source: pl.DataType) -> pl.Expr:
    """Whether the column holds anything: a text of spaces holds nothing."""
    value = pl.col(name)
    if source.base_type() == pl.String:
        return value.str.strip_chars().str.len_bytes().fill_null(0) > 0
    return value.is_not_null()


def _from_text(value: pl.Expr, target: pl.DataType) -> pl.Expr:
    stripped = value.str.strip_chars()
    text = pl.when(stripped != "").then(stripped)
    return _TEXT_READERS[target.base_type()](text)


def _from_native(value: pl.Expr, source: pl.DataType, target: pl.DataType) -> pl.Expr:
    base = target.base_type()
    if base == pl.Datetime and isinstance(source, pl.Datetime):
        zoned = value if source.time_zone else value.dt.replace_time_zone("UTC")
        return zoned.dt.convert_time_zone("UTC").cast(target)
    if base == pl.Datetime:
        return value.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    if base == pl.Float64:
        return _finite(value.cast(pl.Float64))
    if base == pl.Int8:
        return _whole(value.cast(pl.Float64))
    if base == pl.Boolean and source != pl.Boolean:
        return value.replace_strict({1: True, 0: False}, default=None, return_dtype=pl.Boolean)
    return value.cast(target)


def _instant(text: pl.Expr) -> pl.Expr:
    joined = text.str.replace(r"^(\d{4}-\d\d-\d\d)$", "${1}T00:00:00").str.replace(" ", "T")
    offset = joined.str.replace(r"[Zz]$", "+00:00").str.replace(r"([+-]\d\d)(\d\d)$", "$1:$2")
    has_offset = offset.str.contains(r"T.*[+-]\d\d:\d\d$")
    whole = pl.when(has_offset).then(offset).otherwise(offset + "+00:00")
    return whole.str.to_datetime(
        "%Y-%m-%dT%H:%M:%S%.f%:z", time_unit="us", time_zone="UTC", strict=False
    )


def _finite(number: pl.Expr) -> pl.Expr:
    return pl.when(number.is_finite()).then(number)


def _whole(number: pl.Expr) -> pl.Expr:
    is_whole = number.is_finite() & (number == number.floor())
    return pl.when(is_whole).then(number).cast(pl.Int8, strict=False)


def _truth(text: pl.Expr) -> pl.Expr:
    return text.str.to_lowercase().replace_strict(_TRUTH, default=None, return_dtype=pl.Boolean)


def _listed(text: pl.Expr) -> pl.Expr:
    parts = text.fill_null("").str.split("|").list.eval(pl.element().str.strip_chars())
    return parts.list.eval(pl.element().filter(pl.element() != ""))


_TEXT_READERS: dict[type[pl.DataType], Callable[[pl.Expr], pl.Expr]] = {
    pl.String: lambda text: text,
    pl.Date: lambda text: text.str.to_date("%Y-%m-%d", strict=False),
    pl.Datetime: _instant,
    pl.Float64: lambda text: _finite(text.cast(pl.Float64, strict=False)),
    pl.Int8: lambda text: _whole(text.cast(pl.Float64, strict=False)),
    pl.Boolean: _truth,
    pl.List: _listed,
}
