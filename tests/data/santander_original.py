"""Writes files in exactly the format of the original `train_ver2.csv`, with all its oddities.

`write_rows` writes single lines a test has thought out; `write_file` writes any number of customers
and months, one month in memory at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from training.importers.santander_products import VOCABULARY
from training.importers.santander_rows import COLUMNS

HEADER = ",".join(f'"{name}"' for name in COLUMNS)
ORDINARY = {
    "fecha_dato": "2015-01-28", "ncodpers": "1375586", "ind_empleado": "N",
    "pais_residencia": "ES", "sexo": "H", "age": " 35", "fecha_alta": "2015-01-12",
    "ind_nuevo": " 0", "antiguedad": "      6", "indrel": " 1", "ult_fec_cli_1t": "",
    "indrel_1mes": "1.0", "tiprel_1mes": "A", "indresi": "S", "indext": "N", "conyuemp": "",
    "canal_entrada": "KHL", "indfall": "N", "tipodom": " 1", "cod_prov": "29",
    "nomprov": "MALAGA", "ind_actividad_cliente": " 1", "renta": "87218.10",
    "segmento": "02 - PARTICULARES", **dict.fromkeys(VOCABULARY, "0"),
}  # fmt: skip
"""A line without any oddity; the spaces before numbers are the original's."""


def line(**fields: str) -> str:
    """One line of the file: the ordinary one with some fields written otherwise."""
    return ",".join(_quoted(value) for value in {**ORDINARY, **fields}.values())


def write_rows(path: Path, lines: Iterable[str], *, ending: str = "\n") -> Path:
    """A file of these lines under the original header."""
    path.write_text("\n".join([HEADER, *lines]) + ending, encoding="utf-8")
    return path


@dataclass(frozen=True)
class Written:
    """What was written: lines without the header, and how often each oddity occurs in them."""

    rows: int
    repeated: int
    ages_out_of_range: int
    payroll_unknown: int


def write_file(
    path: Path,
    *,
    customers: int,
    months: int,
    seed: int = 0,
    repeated_share: float = 0.001,
    first_share: float = 1.0,
) -> Written:
    """A whole file, sorted by month as the original is.

    In the first month `first_share` of the customers have joined, in the last one all of them.
    """
    rng = np.random.default_rng(seed)
    people = _people(customers, rng)
    held = rng.random((customers, len(VOCABULARY))) < 0.06
    rows = repeated = ages = unknown = 0
    with path.open("wb") as file:
        file.write(f"{HEADER}\n".encode())
        for number, month in enumerate(_months(months)):
            held = _changed(held, rng)
            joined = first_share + (1 - first_share) * number / max(months - 1, 1)
            present = round(customers * joined)
            frame = _month(people.head(present), held[:present], month, number, rng)
            again = frame.head(int(present * repeated_share))
            file.write(_text(pl.concat([frame, again])))
            ages += int(frame["age"].str.strip_chars().is_in(["127", "164"]).sum())
            unknown += int((frame["ind_nomina_ult1"] == "").sum())
            rows += frame.height + again.height
            repeated += again.height
    return Written(rows, repeated, ages, unknown)


def shuffled(source: Path, target: Path, seed: int = 0) -> Path:
    """The same lines in another order."""
    header, *lines = source.read_text(encoding="utf-8").splitlines()
    order = np.random.default_rng(seed).permutation(len(lines))
    target.write_text("\n".join([header, *(lines[i] for i in order)]) + "\n", encoding="utf-8")
    return target


def _months(count: int) -> Iterator[date]:
    for index in range(count):
        yield date(2015 + index // 12, index % 12 + 1, 28)


def _people(customers: int, rng: np.random.Generator) -> pl.DataFrame:
    def pick(*values: str, p: tuple[float, ...]) -> np.ndarray:
        return rng.choice(np.array(values, dtype=object), customers, p=p)

    age = rng.integers(2, 100, customers)
    age = np.where(rng.random(customers) < 0.01, rng.choice([127, 164], customers), age)
    tenure = rng.integers(0, 250, customers)
    income = np.round(rng.lognormal(11.4, 0.6, customers), 2).astype(str).astype(object)
    return pl.DataFrame(
        {
            "ncodpers": np.arange(15889, 15889 + customers),
            "age": np.where(rng.random(customers) < 0.02, -1, age),
            "tenure": np.where(rng.random(customers) < 0.01, -999999, tenure),
            "birth_month": rng.integers(0, 12, customers),
            "sexo": pick("V", "H", "", p=(0.5, 0.49, 0.01)),
            "ind_empleado": pick("N", "A", "F", "S", "", p=(0.96, 0.01, 0.01, 0.01, 0.01)),
            "renta": np.where(rng.random(customers) < 0.2, pick("", " NA", p=(0.5, 0.5)), income),
            "nomprov": pick("MADRID", "CORUÑA, A", "BARCELONA", "", p=(0.5, 0.1, 0.39, 0.01)),
            "segmento": pick(
                "02 - PARTICULARES", "03 - UNIVERSITARIO   ", "", p=(0.6, 0.35, 0.05)
            ),
            "indrel_1mes": pick("1", "1.0", "P", "", p=(0.4, 0.4, 0.1, 0.1)),
            "canal_entrada": pick("KHL", "KFC", "", p=(0.5, 0.4, 0.1)),
        }
    )  # fmt: skip


def _changed(held: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    chance = rng.random(held.shape)
    return np.where(held, chance > 0.05, chance < 0.004)


def _month(
    people: pl.DataFrame, held: np.ndarray, month: date, number: int, rng: np.random.Generator
) -> pl.DataFrame:
    flags = pl.DataFrame(held.astype(np.int8), schema=list(VOCABULARY)).cast(pl.String)
    payroll_known = pl.Series(rng.random(people.height) >= 0.02)
    birthdays = (pl.lit(number) + pl.col("birth_month")) // 12
    aged = pl.when(pl.col("age") > 120).then("age").otherwise(pl.col("age") + birthdays)
    written_age = pl.when(pl.col("age") < 0).then(pl.lit(" NA")).otherwise(_padded(aged, 3))
    written = people.with_columns(
        age=written_age,
        ncodpers=pl.col("ncodpers").cast(pl.String),
        antiguedad=_padded(pl.col("tenure"), 7),
        fecha_dato=pl.lit(str(month)),
    )
    blank = (
        pl.when(payroll_known).then(pl.col(name)).otherwise(pl.lit("")).alias(name)
        for name in ("ind_nomina_ult1", "ind_nom_pens_ult1")
    )
    rest = {n: pl.lit(v) for n, v in ORDINARY.items() if n not in {*written.columns, *VOCABULARY}}
    return (
        pl.concat([written, flags], how="horizontal").with_columns(*blank, **rest).select(COLUMNS)
    )


def _padded(number: pl.Expr, width: int) -> pl.Expr:
    return number.cast(pl.Int64).cast(pl.String).str.pad_start(width)


def _text(frame: pl.DataFrame) -> bytes:
    return frame.write_csv(include_header=False, quote_style="necessary").replace('""', "").encode()


def _quoted(value: str) -> str:
    return f'"{value}"' if "," in value else value
