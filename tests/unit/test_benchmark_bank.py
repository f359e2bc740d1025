"""The benchmark's bank: everything permitted, everything fresh, columns alike for all peers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from benchmarks.bank_shape import BANK, CHANNEL, CURRENCY, OFFERS, PLACEMENT, PRODUCTS
from benchmarks.bench_bank import build_bank
from benchmarks.bench_catalogue import write_catalogue
from benchmarks.bench_model import bench_layout, labelled_rows, require_shape
from benchmarks.bench_values import drawn_features
from benchmarks.naive_service import Offers, raw_features
from feature_repo.contract import FEATURES, VIEWS
from feature_repo.transforms import customer_columns, product_columns
from feature_repo.views import source_path
from service.adapters.catalogue_files import CatalogueFiles
from training.features.built import are_current


def test_all_offers_may_be_made_to_everybody_in_the_app(tmp_path: Path) -> None:
    write_catalogue(tmp_path)
    catalogue = CatalogueFiles(
        tmp_path, bank=BANK, product_vocabulary=PRODUCTS, currency=CURRENCY
    ).load()
    assert len(catalogue) == OFFERS == 100
    assert catalogue.repeatable.all()
    assert catalogue.in_placement[f"{CHANNEL}/{PLACEMENT}"].all()
    assert set(catalogue.product_ids) == set(PRODUCTS)
    assert Offers.read(tmp_path / "offers.yaml", PRODUCTS).ids == list(catalogue.offer_ids)


def test_the_bank_has_fresh_features_of_every_customer_in_every_view(tmp_path: Path) -> None:
    home = build_bank(tmp_path, 100, with_model=False)
    assert are_current(home)
    for view in VIEWS:
        rows = pl.read_parquet(source_path(home.features, view.name))
        assert rows["customer_id"].n_unique() == len(rows) == 100
        assert rows["event_timestamp"].min() > datetime.now(UTC) - timedelta(days=2)


def test_there_are_as_many_features_as_the_figures_are_stated_for() -> None:
    assert len(FEATURES) >= 48


def test_what_customers_take_depends_on_what_the_columns_say() -> None:
    layout = bench_layout()
    day = datetime.now(UTC).date()
    rows = labelled_rows(300, day, layout, seed=(1,))
    affinity = rows.matrix[:, layout.names.index("affinity")]
    taken = rows.labels == 1
    assert affinity[taken].mean() > affinity[~taken].mean() + 0.02


def test_a_model_of_another_shape_is_refused() -> None:
    require_shape("num_leaves=31\n" * 300)
    with pytest.raises(ValueError, match="not all with 31 leaves"):
        require_shape("num_leaves=31\n" * 299 + "num_leaves=30\n")


def test_the_naive_service_gives_the_model_the_same_columns() -> None:
    """Feast answers with Python lists, and with None for what is not there."""
    drawn = drawn_features(1, len(PRODUCTS), day=20_000, seed=(5,))
    answer = {name: values.tolist() for name, values in drawn.categories.items()}
    for columns in (drawn.numbers, drawn.lists):
        answer |= {name: values.tolist() for name, values in columns.items()}
    drawn.lists["affinity"][:] = np.nan
    answer |= {"affinity": [None], "income_monthly": [None]}
    drawn.numbers["income_monthly"][:] = np.nan
    raw, as_of, layout = raw_features(answer, len(PRODUCTS)), np.array([20_001.5]), bench_layout()
    for columns in (customer_columns, product_columns):
        np.testing.assert_array_equal(columns(raw, as_of, layout), columns(drawn, as_of, layout))
