"""A bank whose customers follow one rule, so that the right ranking is known before training.

Of those who hold an account and no card, half take the card next month; of those who hold a loan
and no pension, half take the pension. Accounts and loans are taken by 10 % of the others, anything
else by 1 %. Three in ten products held are given up each month: every month is like every other.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from model_registry.home import BankIdentity, Home
from training.tables.store import TableStore

PRODUCTS = ("account", "card", "fund", "loan", "pension")
GROUPS = {
    "account": "daily",
    "card": "daily",
    "fund": "wealth",
    "loan": "loans",
    "pension": "wealth",
}
SNAPSHOTS = tuple(date(2025, month, 28) for month in range(3, 9))
LABEL_MONTHS = SNAPSHOTS[1:]
ACCOUNT, CARD, LOAN, PENSION = 0, 1, 3, 4


def learnable_home(
    root: Path, *, customers: int = 500, seed: int = 5, shuffle_seed: int | None = None
) -> Home:
    """A home with this bank; `shuffle_seed` puts every table's rows into another order."""
    tables = _tables(customers, np.random.default_rng(seed))
    home = Home(root)
    for name, frame in tables.items():
        shuffled = shuffle_seed is not None and name != "products"
        rows = frame.sample(fraction=1.0, shuffle=True, seed=shuffle_seed) if shuffled else frame
        if shuffled:
            home.tables.mkdir(parents=True, exist_ok=True)
            rows.write_parquet(TableStore(home).path(name))
        else:
            TableStore(home).write(name, rows)
    home.write_bank(_identity())
    return home


def _tables(customers: int, rng: np.random.Generator) -> dict[str, pl.DataFrame]:
    names = [f"c{number:05d}" for number in range(customers)]
    history = _history(rng.random((customers, len(PRODUCTS))) < 0.25, rng)
    rows = [
        {
            "customer_id": name,
            "snapshot_on": snapshot,
            "held": [PRODUCTS[code] for code in np.flatnonzero(states[number])],
            "unknown": [],
        }
        for snapshot, states in zip(SNAPSHOTS, history, strict=True)
        for number, name in enumerate(names)
    ]
    profile = {
        "customer_id": names,
        "observed_on": [SNAPSHOTS[0]] * customers,
        "birth_date": [date(1950 + number % 50, 1, 1) for number in range(customers)],
        "region": [("north", "south", None)[number % 3] for number in range(customers)],
    }
    groups = [GROUPS[product] for product in PRODUCTS]
    schema = {"held": pl.List(pl.String), "unknown": pl.List(pl.String)}
    return {
        "customers": conformed("customers", pl.DataFrame(profile)),
        "products": pl.DataFrame({"product_id": PRODUCTS, "name": PRODUCTS, "group": groups}),
        "holdings": conformed("holdings", pl.DataFrame(rows, schema_overrides=schema)),
    }


def conformed(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with all the table's columns in their canonical types, absent ones null."""
    from training.tables.schema import TABLES

    return TABLES[table].conform(frame.lazy()).collect()


def _history(held: NDArray[np.bool_], rng: np.random.Generator) -> list[NDArray[np.bool_]]:
    history = [held]
    for _ in SNAPSHOTS[1:]:
        added = ~held & (rng.random(held.shape) < true_chances(held))
        held = (held & (rng.random(held.shape) > 0.3)) | added
        history.append(held)
    return history


def true_chances(held: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Chance (n, V) that each product is added next month, given what is held."""
    chances = np.full(held.shape, 0.01)
    chances[:, [ACCOUNT, LOAN]] = 0.1
    chances[held[:, ACCOUNT], CARD] = 0.5
    chances[held[:, LOAN], PENSION] = 0.5
    return chances


def _identity() -> BankIdentity:
    return BankIdentity(
        bank="learnable",
        source="tables",
        currency="EUR",
        product_vocabulary=list(PRODUCTS),
        product_groups=GROUPS,
        snapshot_dates=list(SNAPSHOTS),
        label_months=list(LABEL_MONTHS),
        data_until=SNAPSHOTS[-1],
        imported_at=datetime(2025, 9, 1, tzinfo=UTC),
        fingerprint="1" * 64,
        row_counts={},
        quarantined={},
    )
