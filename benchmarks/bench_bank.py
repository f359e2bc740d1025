"""The benchmark's bank, made without simulating anybody: features, model, catalogue, online load.

python -m benchmarks.bench_bank --home DIR --customers 5000 --redis redis://127.0.0.1:6379/0
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import polars as pl

from benchmarks.bank_shape import BANK, CURRENCY, GROUPS, PRODUCTS, customer_id
from benchmarks.bench_catalogue import write_catalogue
from benchmarks.bench_model import write_model
from benchmarks.bench_values import drawn_features
from feature_repo.contract import VIEWS, features_of
from feature_repo.raw_features import RawFeatures
from feature_repo.views import source_path
from model_registry.home import BankIdentity, Home
from training.features import built
from training.features.calendar import day_number, end_of_day
from training.features.online import materialize
from training.features.view_writer import ViewRows, ViewWriter
from training.importers.identity import fingerprint
from training.progress import silent
from training.tables.schema import TABLES
from training.tables.store import TableStore

SEED = 7
CUSTOMERS_AT_A_TIME = 10_000


def build_bank(root: Path, customers: int, *, seed: int = SEED, with_model: bool = True) -> Home:
    """A home with tables, features, and unless told otherwise a promoted model and a catalogue."""
    home, day = Home(root), datetime.now(timezone.utc).date() - timedelta(days=1)
    _write_tables(home, customers, day)
    _write_identity(home, customers, day)
    _write_features(home, customers, day, seed)
    built.record(home)
    if with_model:
        _promote(home, write_model(home, day, seed=seed))
        write_catalogue(catalogue_folder(home))
    return home


def _promote(home: Home, bundle_id: str) -> None:
    """Promote as an operator does, with everything that is built at that moment."""
    command = [sys.executable, "-m", "nbo", "models", "promote", bundle_id]
    environment = os.environ | {"NBO_HOME": str(home.root)}
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)


def catalogue_folder(home: Home) -> Path:
    """Where the bank's catalogue lies: NBO_CATALOGUE of its service."""
    return home.root / "catalogue"


def customer_ids(start: int, stop: int) -> list[str]:
    """The names of a range of customers."""
    return [customer_id(number) for number in range(start, stop)]


def _write_tables(home: Home, customers: int, day: date) -> None:
    store = TableStore(home)
    names = customer_ids(0, customers)
    products = pl.DataFrame(
        {"product_id": PRODUCTS, "name": PRODUCTS, "group": list(GROUPS.values())}
    )
    rows = pl.DataFrame({"customer_id": names, "observed_on": [day] * customers})
    store.write("products", products)
    store.write("customers", TABLES["customers"].conform(rows.lazy()))


def _write_identity(home: Home, customers: int, day: date) -> None:
    home.write_bank(
        BankIdentity(
            bank=BANK,
            source="tables",
            currency=CURRENCY,
            product_vocabulary=list(PRODUCTS),
            product_groups=GROUPS,
            snapshot_dates=[day],
            label_months=[day],
            data_until=day,
            imported_at=datetime.now(timezone.utc),
            fingerprint=fingerprint(TableStore(home), silent),
            row_counts={"customers": customers, "products": len(PRODUCTS)},
            quarantined={},
        )
    )


def _write_features(home: Home, customers: int, day: date, seed: int) -> None:
    with ExitStack() as stack:
        writers = {}
        for view in VIEWS:
            writer = ViewWriter(source_path(home.features, view.name), view.name, len(PRODUCTS))
            writers[view.name] = stack.enter_context(writer)
        for names, raw in _parts(customers, day, seed):
            for view_name, writer in writers.items():
                writer.write(_view_rows(view_name, names, raw, day))


def _parts(customers: int, day: date, seed: int) -> Iterator[tuple[list[str], RawFeatures]]:
    for start in range(0, customers, CUSTOMERS_AT_A_TIME):
        names = customer_ids(start, min(start + CUSTOMERS_AT_A_TIME, customers))
        yield (
            names,
            drawn_features(len(names), len(PRODUCTS), day=day_number(day), seed=(seed, 0, start)),
        )


def _view_rows(view: str, names: list[str], raw: RawFeatures, day: date) -> ViewRows:
    numeric = {**raw.numbers, **raw.lists}
    values = {
        feature.name: numeric[feature.name]
        if feature.name in numeric
        else pl.Series(feature.name, raw.categories[feature.name].tolist(), pl.String)
        for feature in features_of(view)
    }
    return ViewRows(names, int(end_of_day(day).timestamp()) * 1_000_000, values)


def main() -> int:
    """Build the bank and, with --redis, load it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--customers", type=int, default=5_000)
    parser.add_argument("--redis", help="load the features into this Redis")
    given = parser.parse_args()
    started = time.perf_counter()
    home = build_bank(given.home, given.customers)
    print(f"built {given.customers} customers in {time.perf_counter() - started:.1f} s")
    if given.redis:
        started = time.perf_counter()
        materialize(home, given.redis)
        print(f"loaded them in {time.perf_counter() - started:.1f} s")
    print(f"NBO_HOME={home.root} NBO_CATALOGUE={catalogue_folder(home)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
