"""One line of the original Santander file: how each of its 48 columns is read."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from training.importers.santander_products import MAY_BE_EMPTY, VOCABULARY, mask_of
from training.tables.validation import LINE, REASON

COLUMNS = (
    "fecha_dato", "ncodpers", "ind_empleado", "pais_residencia", "sexo", "age", "fecha_alta",
    "ind_nuevo", "antiguedad", "indrel", "ult_fec_cli_1t", "indrel_1mes", "tiprel_1mes",
    "indresi", "indext", "conyuemp", "canal_entrada", "indfall", "tipodom", "cod_prov", "nomprov",
    "ind_actividad_cliente", "renta", "segmento", *VOCABULARY,
)  # fmt: skip
USED = [
    "fecha_dato", "ncodpers", "ind_empleado", "pais_residencia", "sexo", "age", "fecha_alta",
    "canal_entrada", "nomprov", "ind_actividad_cliente", "renta", "segmento", *VOCABULARY,
]  # fmt: skip
"""The columns the canonical tables are made from; the others are known and left out."""

PLAUSIBLE_AGES = (0, 120)
_EARLIEST = date(1900, 1, 1)

_MISSING = ("", "NA", "NaN", "NULL")
_FLAG = {"0": False, "1": True, "0.0": False, "1.0": True}
_EXPECTED = {
    "fecha_dato": "a day as YYYY-MM-DD",
    "ncodpers": "a customer number",
    "age": "a whole number",
    "fecha_alta": "a day as YYYY-MM-DD",
    "ind_actividad_cliente": "0 or 1",
    "renta": "a number of at least 0",
    **dict.fromkeys(VOCABULARY, "0 or 1"),
}
_FLAGS = ("ind_actividad_cliente", *VOCABULARY)
_NEVER_EMPTY = {"fecha_dato", "ncodpers", *VOCABULARY} - MAY_BE_EMPTY


def read(fields: pl.DataFrame, *, today: date) -> pl.DataFrame:
    """Month, customer, attributes and product masks of every line, with `LINE` and `REASON`.

    `REASON` is empty where the line can be used; `age_out_of_range` marks ages set to unknown.
    """
    unclear = _unclear(fields)
    texts = fields.with_columns(_text(name).alias(name) for name in unclear)
    values = texts.select(LINE, **_values(unclear))
    return values.select(
        LINE,
        _reasons(texts, values, today),
        snapshot_on="fecha_dato",
        customer_id="ncodpers",
        **_attributes(),
        held=mask_of({name: pl.col(name) for name in VOCABULARY}),
        unknown=mask_of({name: pl.col(name).is_null() for name in VOCABULARY}),
        age_out_of_range=(~_plausible()).fill_null(value=False),
    )


def _unclear(fields: pl.DataFrame) -> list[str]:
    """The columns but for those flags of which every line says nothing but 0 or 1."""
    clear = fields.select(
        ((pl.col(name) == "0") | (pl.col(name) == "1")).fill_null(value=False).all()
        for name in _FLAGS
    ).row(0, named=True)
    return [name for name in USED if not clear.get(name, False)]


def _text(name: str) -> pl.Expr:
    stripped = pl.col(name).str.strip_chars()
    return pl.when(~stripped.is_in(_MISSING)).then(stripped)


def _values(unclear: list[str]) -> dict[str, pl.Expr]:
    age, income = (pl.col(name).cast(pl.Float64, strict=False) for name in ("age", "renta"))
    whole = age.is_finite() & (age == age.floor())
    return {
        **{name: pl.col(name) for name in USED if name not in _EXPECTED},
        **{name: _day(name) for name in ("fecha_dato", "fecha_alta")},
        **{n: _flag(n) if n in unclear else pl.col(n) == "1" for n in _FLAGS},
        "ncodpers": pl.col("ncodpers").str.extract(r"^0*(\d+)(?:\.0)?$"),
        "age": pl.when(whole).then(age).cast(pl.Int32, strict=False),
        "renta": pl.when(income.is_finite() & (income >= 0)).then(income),
    }


def _day(name: str) -> pl.Expr:
    return pl.col(name).str.to_date("%Y-%m-%d", strict=False)


def _flag(name: str) -> pl.Expr:
    return pl.col(name).replace_strict(_FLAG, default=None, return_dtype=pl.Boolean)


def _plausible() -> pl.Expr:
    return pl.col("age").is_between(*PLAUSIBLE_AGES)


def _attributes() -> dict[str, pl.Expr]:
    """The customer's attributes; `age` stays until the months are put in order."""
    return {
        "age": pl.when(_plausible()).then(pl.col("age")),
        "gender": pl.col("sexo"),
        "nationality": pl.col("pais_residencia"),
        "region": pl.col("nomprov"),
        "segment": pl.col("segmento"),
        "acquisition_channel": pl.col("canal_entrada"),
        "joined_on": pl.col("fecha_alta"),
        "is_active": pl.col("ind_actividad_cliente"),
        "is_employee": ~pl.col("ind_empleado").is_in(["N", "S"]),
        "income_monthly": pl.col("renta") / 12,
    }


def _reasons(texts: pl.DataFrame, values: pl.DataFrame, today: date) -> pl.Series:
    """Why a line cannot be used, every reason joined; empty when it can."""
    month = values["fecha_dato"]
    wrong = {
        f"{name}: expected {expected}": _unread(texts[name], values[name])
        for name, expected in _EXPECTED.items()
        if values[name].null_count()
    }
    believable = month.is_between(_EARLIEST, today + timedelta(days=1))
    wrong["fecha_dato: expected a day until today"] = ~believable.fill_null(value=True)
    said = [pl.when(mask).then(pl.lit(reason)) for reason, mask in wrong.items() if mask.any()]
    if not said:
        return pl.repeat("", values.height, eager=True).alias(REASON)
    return values.select(
        pl.concat_str(said, separator="; ", ignore_nulls=True).alias(REASON)
    ).to_series()


def _unread(text: pl.Series, value: pl.Series) -> pl.Series:
    """Where a value is missing that the line gives, or that every line must give."""
    return value.is_null() if text.name in _NEVER_EMPTY else value.is_null() & text.is_not_null()
