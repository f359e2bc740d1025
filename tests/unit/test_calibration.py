"""Calibration curves: honest probabilities, unchanged order, and loans to thin products."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_registry.calibration import Calibrators, log_odds, logistic, undo_sampling
from model_registry.errors import BundleRefused
from training.calibration import IDENTITY, OutOfFold, borrow, fit_calibrators, isotonic_curve
from training.config import CalibrationConfig

VOCABULARY = ("account", "card", "fund")
GROUPS = {"account": "daily", "card": "daily", "fund": "wealth"}
CONFIG = CalibrationConfig()


def drawn(probabilities, outcomes, codes=None, weights=None) -> OutOfFold:
    count = len(probabilities)
    return OutOfFold(
        np.asarray(probabilities, dtype=np.float64),
        np.asarray(outcomes, dtype=np.float64),
        np.zeros(count, dtype=np.intp) if codes is None else codes,
        np.ones(count) if weights is None else weights,
    )


def overconfident(seed: int, count: int = 60_000) -> tuple[OutOfFold, np.ndarray]:
    """Predictions whose log-odds are one too high, and the truth."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(-2.5, 1.0, count)
    codes = rng.integers(0, 3, count)
    truth = logistic(odds)
    return drawn(logistic(odds + 1.0), rng.random(count) < truth, codes), truth


def test_predictions_that_are_too_high_come_back_to_the_truth():
    rows, truth = overconfident(1)
    calibrators = fit_calibrators(rows, VOCABULARY, GROUPS, CONFIG)
    honest = calibrators.apply(rows.probabilities, rows.product_codes)
    assert np.abs(honest - truth).mean() < 0.01
    assert np.abs(rows.probabilities - truth).mean() > 0.05


def test_predictions_that_are_right_stay_nearly_as_they_are():
    rows, truth = overconfident(2)
    right = drawn(truth, rows.outcomes, rows.product_codes)
    calibrators = fit_calibrators(right, VOCABULARY, GROUPS, CONFIG)
    assert np.abs(calibrators.apply(truth, rows.product_codes) - truth).mean() < 0.008


def test_each_product_has_its_own_correction():
    rows, truth = overconfident(3)
    lowered = np.where(rows.product_codes == 1, truth, rows.probabilities)
    calibrators = fit_calibrators(
        drawn(lowered, rows.outcomes, rows.product_codes), VOCABULARY, GROUPS, CONFIG
    )
    same = np.full(3, 0.3)
    corrected = calibrators.apply(same, np.arange(3))
    assert corrected[1] == pytest.approx(0.3, abs=0.05)
    assert corrected[0] == pytest.approx(logistic(log_odds(same) - 1.0)[0], abs=0.05)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 2), st.integers(20, 3_000))
def test_curves_rise_strictly_so_that_ranking_within_a_product_never_ties(seed, code, count):
    rng = np.random.default_rng(seed)
    rows = drawn(rng.random(count), rng.random(count) < 0.3, rng.integers(0, 3, count))
    calibrators = fit_calibrators(rows, VOCABULARY, GROUPS, CONFIG)
    grid = logistic(np.linspace(-14.0, 14.0, 2_000))
    calibrated = calibrators.apply(grid, np.full(len(grid), code))
    assert (np.diff(calibrated) > 0).all()
    assert ((calibrated > 0) & (calibrated < 1)).all()


def test_a_product_with_few_positives_takes_its_groups_shape_moved_towards_its_own_level():
    count = 2_000
    expected = np.full(count, 0.05)
    few = drawn(expected, np.arange(count) < 50)
    curve = borrow(few, IDENTITY, CONFIG)
    # 50 seen and 100 expected, against a prior worth 50: (50 + 50) / (100 + 50).
    assert curve.apply(np.array([0.05]))[0] == pytest.approx(
        logistic(log_odds(np.array([0.05])) + np.log(100 / 150))[0]
    )


def test_a_product_without_any_positive_is_lowered_but_not_to_nothing():
    none = drawn(np.full(1_000, 0.05), np.zeros(1_000))
    lowered = borrow(none, IDENTITY, CONFIG).apply(np.array([0.05]))[0]
    assert 0.01 < lowered < 0.05


def test_a_sampled_negative_weighs_as_many_as_it_stands_for():
    rng = np.random.default_rng(6)
    truth = np.full(40_000, 0.04)
    outcomes = rng.random(len(truth)) < truth
    kept = outcomes | (rng.random(len(truth)) < 0.25)
    weights = np.where(outcomes, 1.0, 4.0)
    curve = isotonic_curve(drawn(truth, outcomes, weights=weights).where(kept), 25)
    assert curve.apply(np.array([0.04]))[0] == pytest.approx(outcomes.mean(), rel=0.05)


def test_undoing_sampling_returns_the_rate_before_it():
    # Of 1000 rows 20 are positive; with a tenth of the negatives kept the model sees 20 of 118.
    seen = np.array([20 / 118])
    assert undo_sampling(seen, 0.1)[0] == pytest.approx(20 / 1000)
    assert undo_sampling(seen, 1.0)[0] == pytest.approx(seen[0])


def test_calibrators_survive_their_file_and_equal_ones_give_equal_bytes():
    rows, _ = overconfident(8, 5_000)
    first = fit_calibrators(rows, VOCABULARY, GROUPS, CONFIG)
    second = fit_calibrators(rows, VOCABULARY, GROUPS, CONFIG)
    assert first.to_bytes() == second.to_bytes()
    read = Calibrators.from_bytes(first.to_bytes())
    grid, codes = np.linspace(0.001, 0.999, 300), np.repeat(np.arange(3), 100)
    assert np.array_equal(read.apply(grid, codes), first.apply(grid, codes))


def test_curves_out_of_order_are_refused():
    broken = Calibrators(np.array([2.0, 1.0]), np.array([0.0, 1.0]))
    with pytest.raises(BundleRefused, match=r"calibrators\.npz"):
        Calibrators.from_bytes(broken.to_bytes())
