"""A whole training run on a bank with a known rule: data, features, bundle, evaluation."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import numpy as np
import polars as pl
import pytest

from feature_repo.errors import FeaturesAbsent
from feature_repo.views import source_path
from model_registry.errors import BundleNotFound, BundleRefused
from model_registry.home import Home
from model_registry.propensity_model import PropensityModel
from model_registry.rates import Rates
from model_registry.store import ModelStore
from tests.learnable_bank import (
    LABEL_MONTHS,
    PENSION,
    PRODUCTS,
    learnable_home,
    true_chances,
)
from training.affinity import AffinityConfig, AffinityModel
from training.config import CalibrationConfig, PropensityConfig, ResolvedConfig, TrainConfig
from training.errors import EvaluationRefused, TrainingRefused
from training.evaluation import evaluate
from training.features.build import build_features
from training.features.holding_states import HoldingStates
from training.label_month import read_label_month
from training.metrics import RankedMonth, mean_average_precision
from training.propensity import PRIORS
from training.tables.store import TableStore
from training.train import train

CONFIG = TrainConfig(
    threads=1,
    propensity=PropensityConfig(rounds=30, min_data_in_leaf=20),
    calibration=CalibrationConfig(folds=2, min_positives=60, block_positives=15),
)
UNTIL = LABEL_MONTHS[-2]


def trained(home: Home, config: TrainConfig = CONFIG) -> str:
    build_features(home)
    return train(home, config).bundle_id


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Home:
    made = learnable_home(tmp_path_factory.mktemp("bank"))
    trained(made)
    return made


@pytest.fixture(scope="module")
def bundle_id(home) -> str:
    return ModelStore(home).newest()


@pytest.fixture(scope="module")
def result(home):
    return evaluate(home, None, LABEL_MONTHS[-1])


def test_labels_are_additions_to_what_was_known_not_held(home):
    month = read_label_month(home, home.bank(), LABEL_MONTHS[0])
    assert month.labels.shape == (len(month.customers), len(PRODUCTS))
    assert set(np.unique(month.labels[~np.isnan(month.labels)])) == {0.0, 1.0}
    assert month.as_of < month.month


def test_the_model_beats_every_baseline_on_a_month_it_has_not_seen(result):
    assert result.map_at_7 > result.popularity_map_at_7 + 0.05
    assert result.map_at_7 > result.transition_map_at_7 + 0.02
    assert result.map_at_7 > result.affinity_map_at_7 + 0.05


def test_the_model_ranks_nearly_as_well_as_the_true_chances_do(home, result):
    month = read_label_month(home, home.bank(), LABEL_MONTHS[-1])
    holdings = TableStore(home).scan("holdings")
    cube = HoldingStates.of(holdings, (month.as_of,), PRODUCTS)
    asked = np.isin(cube.customers, month.customers)
    best = RankedMonth.of(true_chances(cube.states[asked, 0] == 1), month.labels)
    assert result.map_at_7 > mean_average_precision(best) - 0.04


def test_probabilities_are_calibrated_on_the_unseen_month(result):
    assert result.ece < 0.03
    pension = result.products["pension"]
    assert pension.expected == pytest.approx(pension.additions, rel=0.35)


def test_before_and_after_calibration_are_both_reported(result):
    assert abs(result.map_at_7 - result.map_at_7_uncalibrated) < 0.05
    assert set(result.rankings) == {"model", "uncalibrated", "popularity", "transition", "affinity"}


def test_a_bank_without_truth_has_no_oracle_values(result):
    assert result.oracle_map_at_7 is None
    assert result.oracle_auc_weighted is None


def test_the_result_is_one_json_document(result):
    document = msgspec.json.decode(msgspec.json.encode(result))
    needed = {"map_at_7", "popularity_map_at_7", "ndcg_at_5", "hit_rate_at_1", "auc_weighted"}
    assert needed | {"ece", "coverage", "customers"} <= set(document)


@pytest.mark.parametrize("month", [UNTIL, LABEL_MONTHS[0]])
def test_a_month_the_bundle_was_trained_on_is_refused(home, month):
    with pytest.raises(EvaluationRefused, match=f"{month} is not after {UNTIL}"):
        evaluate(home, None, month)


def test_a_month_without_labels_is_refused_naming_those_there(home):
    with pytest.raises(EvaluationRefused, match=f"no label month.*{LABEL_MONTHS[-1]}"):
        evaluate(home, None, date(2030, 1, 28))


def test_without_features_the_command_that_builds_them_is_named(home):
    features = home.features
    aside = features.rename(home.root / "features-aside")
    try:
        with pytest.raises(FeaturesAbsent, match=r"run `nbo features materialize` first"):
            evaluate(home, None, LABEL_MONTHS[-1])
    finally:
        aside.rename(features)


def test_an_unknown_bundle_is_not_found(home):
    with pytest.raises(BundleNotFound, match="nbo models list"):
        evaluate(home, "20200101T000000-none", LABEL_MONTHS[-1])


def test_training_without_a_label_month_is_refused(home):
    config = msgspec.structs.replace(CONFIG, train_until=date(2020, 1, 1))
    with pytest.raises(TrainingRefused, match=str(LABEL_MONTHS[0])):
        train(home, config)


def test_more_folds_than_customers_fill_are_refused(tmp_path):
    few = learnable_home(tmp_path, customers=20)
    config = msgspec.structs.replace(CONFIG, calibration=CalibrationConfig(folds=50))
    with pytest.raises(TrainingRefused, match=r"calibration\.folds is 50, but .* fill only \d+:"):
        trained(few, config)


def test_a_day_after_the_last_label_month_is_told_with_the_month_used_and_nothing_measured(home):
    asked = LABEL_MONTHS[-1] + timedelta(days=3)
    told = train(home, msgspec.structs.replace(CONFIG, train_until=asked))
    moved, unmeasured = told.notes
    assert moved == f"trained until {LABEL_MONTHS[-1]}, the last label month up to {asked}"
    assert f"no label month follows {LABEL_MONTHS[-1]}" in unmeasured
    (home.models / told.bundle_id).rename(home.root / "put-aside")


def test_the_bundle_holds_what_it_promises(home, bundle_id):
    bundle = ModelStore(home).open(bundle_id)
    manifest = bundle.manifest
    assert manifest.train_until == UNTIL
    assert manifest.label_months == list(LABEL_MONTHS[:-1])
    assert manifest.product_vocabulary == list(PRODUCTS)
    assert manifest.category_levels["region"] == ["north", "south"]
    assert "product_holdings" in manifest.views_with_data
    assert "customer_transactions" not in manifest.views_with_data
    assert manifest.data_fingerprint == home.bank().fingerprint
    assert manifest.summary_metrics["map_at_7"] > 0
    assert {
        "propensity.txt",
        "calibrators.npz",
        "affinity.npz",
        "rates.json",
        "golden.npz",
        "metrics.json",
        "config.json",
        "contract.json",
        "report.html",
    } <= set(bundle.files)


def test_the_stored_model_scores_its_golden_rows_and_prefers_the_pension_for_borrowers(
    home, bundle_id
):
    model = PropensityModel.load(ModelStore(home).open(bundle_id))
    model.check_golden()
    matrix, expected = model.golden
    assert len(matrix) >= 64
    names = model.layout.names
    pension = matrix[:, names.index("product_code")] == PENSION
    borrower = matrix[:, names.index("held_loan")] == 1
    assert expected[pension & borrower].mean() > 3 * expected[pension & ~borrower].mean()


@pytest.mark.parametrize("prior", PRIORS)
def test_a_higher_prior_never_lowers_a_score(home, bundle_id, prior):
    model = PropensityModel.load(ModelStore(home).open(bundle_id))
    matrix = model.golden[0].copy()
    column = model.layout.names.index(prior)
    matrix[:, column] = 0.0
    before = model.uncalibrated(matrix)
    for value in (0.05, 0.2, 0.5, 0.9):
        matrix[:, column] = value
        after = model.uncalibrated(matrix)
        assert (after >= before).all()
        before = after


def test_the_affinity_model_in_the_bundle_gives_the_affinity_feature_of_its_newest_rows(
    home, bundle_id
):
    bundle = ModelStore(home).open(bundle_id)
    as_of = LABEL_MONTHS[-3]
    stored = pl.read_parquet(source_path(home.features, "product_affinity")).filter(
        pl.col("event_timestamp").dt.date() == as_of
    )
    cube = HoldingStates.of(TableStore(home).scan("holdings"), (as_of,), PRODUCTS)
    scores = AffinityModel.from_bytes(bundle.files["affinity.npz"]).scores(cube.states[:, 0])

    assert stored["customer_id"].to_list() == cube.customers
    assert scores == pytest.approx(np.array(stored["affinity"].to_list()), rel=1e-5, abs=1e-6)


def test_the_resolved_configuration_tells_how_the_affinity_feature_was_built(home, bundle_id):
    stored = ModelStore(home).open(bundle_id).files["config.json"]
    config = msgspec.json.decode(stored, type=ResolvedConfig)
    assert config.train_until == UNTIL
    assert b'"affinity"' in stored
    assert config.affinity == AffinityConfig()


def test_rates_are_additions_per_customer_who_lacked_the_product(home, bundle_id):
    rates = Rates.decode(ModelStore(home).open(bundle_id).files["rates.json"])
    assert set(rates.product) == set(PRODUCTS)
    assert rates.product["fund"] == pytest.approx(0.01, abs=0.006)
    assert rates.product["loan"] == pytest.approx(0.1, abs=0.03)
    assert all(0 < rate < 1 for rate in rates.product.values())


def test_the_report_shows_the_measures_and_needs_nothing_from_outside(home, bundle_id):
    page = ModelStore(home).open(bundle_id).files["report.html"].decode()
    for word in ("map_at_7", "popularity", "<svg", str(LABEL_MONTHS[-1]), "fund"):
        assert word in page
    assert "<script" not in page
    assert "<link" not in page


def test_shuffled_input_gives_the_same_files_to_the_byte(home, bundle_id, tmp_path):
    other = learnable_home(tmp_path, shuffle_seed=11)
    again = ModelStore(other).open(trained(other))
    first = ModelStore(home).open(bundle_id)
    assert set(again.files) == set(first.files)
    differing = [name for name in first.files if first.files[name] != again.files[name]]
    assert differing == []


def test_another_seed_gives_another_model(home, bundle_id):
    other = train(home, msgspec.structs.replace(CONFIG, seed=2)).bundle_id
    store = ModelStore(home)
    first, second = store.open(bundle_id), store.open(other)
    assert first.files["propensity.txt"] != second.files["propensity.txt"]


def test_sampled_negatives_leave_probabilities_honest(home):
    config = msgspec.structs.replace(CONFIG, max_rows=3_000)
    store = ModelStore(home)
    sampled = store.manifest(train(home, config).bundle_id)
    assert sampled.negative_sampling_rate < 0.5
    assert "out_of_fold_map_at_7" not in sampled.summary_metrics
    measured = evaluate(home, sampled.bundle_id, LABEL_MONTHS[-1])
    expected = sum(product.expected for product in measured.products.values())
    additions = sum(product.additions for product in measured.products.values())
    assert expected == pytest.approx(additions, rel=0.2)


def test_measures_that_are_undefined_are_left_out_and_the_bundle_can_be_read(home):
    """Of this month no negative is drawn, and without one no AUC can be told."""
    config = msgspec.structs.replace(CONFIG, train_until=LABEL_MONTHS[0], max_rows=1)
    result = train(home, config)
    manifest = ModelStore(home).manifest(result.bundle_id)
    assert manifest.summary_metrics == result.metrics
    assert "map_at_7" in result.metrics
    assert "out_of_fold_auc_weighted" not in result.metrics


def test_a_day_between_label_months_is_recorded_as_the_month_it_stands_for(home):
    between = UNTIL + timedelta(days=3)
    assert between not in LABEL_MONTHS
    bundle = ModelStore(home).open(
        train(home, msgspec.structs.replace(CONFIG, train_until=between)).bundle_id
    )
    assert bundle.manifest.train_until == UNTIL
    assert msgspec.json.decode(bundle.files["config.json"])["train_until"] == str(UNTIL)


def test_without_a_later_month_the_report_says_so(home):
    config = msgspec.structs.replace(CONFIG, train_until=LABEL_MONTHS[-1])
    result = train(home, config)
    assert "map_at_7" not in result.metrics
    assert result.metrics["out_of_fold_map_at_7"] > 0.7
    assert result.metrics["out_of_fold_ece"] < 0.02
    page = ModelStore(home).open(result.bundle_id).files["report.html"].decode()
    assert "nothing was measured on new data" in page


def test_a_flipped_byte_stops_evaluation_naming_the_file(home, bundle_id, tmp_path):
    path = home.models / bundle_id / "propensity.txt"
    data = path.read_bytes()
    path.write_bytes(data[:-2] + bytes([data[-2] ^ 1]) + data[-1:])
    try:
        with pytest.raises(BundleRefused, match=r"propensity\.txt"):
            evaluate(home, bundle_id, LABEL_MONTHS[-1])
    finally:
        path.write_bytes(data)
