"""The acquirer panel: per month, what a customer held the month before and what was added."""

from __future__ import annotations

from datetime import date, datetime, timezone
from pathlib import Path

import polars as pl

from training.importers.lost_rows import refuse_when_mostly_lost
from training.importers.santander_months import holdings_of
from training.importers.santander_products import VOCABULARY, mask_of, products_table
from training.importers.staged import Staged
from training.importers.staging import Staging
from training.progress import Progress
from training.tables.duplicates import resolve
from training.tables.errors import ImportRefused, TableInvalid
from training.tables.validation import LINE, REASON, rejected_rows

_KEY = ("month", "ncodpers")
_FLAGS = tuple(f"{kind}_{product}" for product in VOCABULARY for kind in ("prev", "add"))


class SantanderPanelImporter:
    """Reads the panel; only its own months are label months, and it knows no attributes."""

    def recognises(self, path: Path) -> bool:
        """Whether this is a Parquet file."""
        return path.suffix == ".parquet"

    def stage(self, path: Path, staging: Staging, progress: Progress) -> Staged:
        """Write products, holdings and customers (id and first snapshot only)."""
        raw = _read(path)
        progress(f"reading {path.name}", raw.height, raw.height)
        rows, unusable = _rows(raw)
        resolved = resolve(rows, _KEY)
        rejected = rejected_rows(raw, pl.concat([unusable, resolved.conflicting]))
        staging.quarantine.add("holdings", rejected)
        if resolved.kept.is_empty():
            reason = staging.quarantine.most_common_reason("holdings")
            raise ImportRefused(f"{path}: no row can be used ({reason or 'it has none'})")
        refuse_when_mostly_lost(staging.quarantine, "holdings", file=path, rows_read=raw.height)
        holdings = holdings_of(_snapshots(resolved.kept))
        staging.store.write("products", products_table())
        staging.store.write("holdings", holdings)
        staging.store.write("customers", _customers(holdings))
        months: list[date] = resolved.kept["month"].unique().sort().to_list()
        return Staged(
            bank="santander",
            source="santander",
            currency="EUR",
            rows_read=raw.height,
            repeated={"holdings": resolved.repeated},
            label_months=tuple(months),
        )


def _read(path: Path) -> pl.DataFrame:
    try:
        raw = pl.read_parquet(path)
    except (pl.exceptions.ComputeError, OSError) as error:
        raise ImportRefused(f"{path}: not a readable Parquet file") from error
    missing = [name for name in (*_KEY, *_FLAGS) if name not in raw.columns]
    if missing:
        raise TableInvalid(
            f"{path}: missing column(s) {', '.join(missing)}: expected month, ncodpers and "
            "prev_<product>, add_<product> for the 24 products"
        )
    return raw.select(*_KEY, *_FLAGS).with_row_index(LINE, offset=1)


def _rows(raw: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Month, customer, and masks of what was held before and added; lines that cannot be used."""
    text = {name: pl.col(name).cast(pl.String) for name in (*_KEY, *_FLAGS)}
    flags = {name: _flag(text[name]) for name in _FLAGS}
    read = raw.select(
        LINE,
        month=text["month"].str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False),
        ncodpers=text["ncodpers"].str.extract(r"^0*(\d+)$"),
        before=mask_of({p: flags[f"prev_{p}"] for p in VOCABULARY}),
        added=mask_of({p: flags[f"add_{p}"] for p in VOCABULARY}),
        wrong_flag=pl.any_horizontal(flag.is_null() for flag in flags.values()),
    )
    marked = read.with_columns(_reason().alias(REASON))
    good = marked.filter(pl.col(REASON).is_null())
    return (
        good.select(LINE, *_KEY, "before", "added"),
        marked.filter(pl.col(REASON).is_not_null()).select(LINE, REASON),
    )


def _flag(text: pl.Expr) -> pl.Expr:
    known = {"0": False, "1": True, "false": False, "true": True}
    return text.replace_strict(known, default=None, return_dtype=pl.Boolean)


def _reason() -> pl.Expr:
    today = datetime.now(timezone.utc).date()
    believable = pl.col("month").is_between(date(1900, 1, 1), today).fill_null(value=False)
    return (
        pl.when(~believable)
        .then(pl.lit("month: expected a day as YYYY-MM-DD until today"))
        .when(pl.col("ncodpers").is_null())
        .then(pl.lit("ncodpers: expected a customer number"))
        .when("wrong_flag")
        .then(pl.lit("a product flag is neither 0 nor 1"))
        .when((pl.col("before") & pl.col("added")) != 0)
        .then(pl.lit("a product is added that was held the month before"))
    )


def _snapshots(rows: pl.DataFrame) -> pl.DataFrame:
    """The snapshot before each month and the one it leads to; an observed one beats a derived one.

    What was dropped in a month is not recorded: the derived snapshot carries it on.
    """
    observed = rows.select(
        pl.col("month").dt.offset_by("-1mo").alias("snapshot_on"),
        customer_id="ncodpers",
        held=pl.col("before"),
        derived=pl.lit(value=False),
    )
    derived = rows.select(
        snapshot_on="month",
        customer_id="ncodpers",
        held=pl.col("before") | pl.col("added"),
        derived=pl.lit(value=True),
    )
    together = pl.concat([observed, derived])
    best = together.sort("snapshot_on", "customer_id", "derived").unique(
        ("snapshot_on", "customer_id"), keep="first", maintain_order=True
    )
    return best.with_columns(unknown=pl.lit(0, pl.UInt32))


def _customers(holdings: pl.DataFrame) -> pl.DataFrame:
    first = pl.col("snapshot_on").min().alias("observed_on")
    return holdings.group_by("customer_id", maintain_order=True).agg(first)
