"""Measures on rankings whose right answer can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from training.metrics import (
    RankedMonth,
    area_under_curve,
    areas_by_product,
    coverage,
    expected_calibration_error,
    hit_rate,
    mean_average_precision,
    normalised_gain,
    weighted_area,
)

NAN = np.nan


def ranked(scores, labels) -> RankedMonth:
    return RankedMonth.of(np.array(scores, dtype=float), np.array(labels, dtype=np.float32))


def test_average_precision_of_hits_at_ranks_one_and_three_is_five_sixths():
    month = ranked([[0.9, 0.8, 0.7]], [[1, 0, 1]])
    assert mean_average_precision(month) == pytest.approx((1 / 1 + 2 / 3) / 2)


def test_average_precision_divides_by_seven_when_more_than_seven_were_added():
    scores, labels = [np.arange(10)[::-1]], [[1] * 9 + [0]]
    assert mean_average_precision(ranked(scores, labels)) == pytest.approx(1.0)


def test_an_addition_below_rank_seven_counts_for_nothing():
    month = ranked([np.arange(9)[::-1]], [[0] * 8 + [1]])
    assert mean_average_precision(month) == 0.0


def test_customers_who_added_nothing_are_left_out_of_rankings():
    month = ranked([[0.9, 0.1], [0.9, 0.1]], [[1, 0], [0, 0]])
    assert mean_average_precision(month) == 1.0
    assert hit_rate(month) == 1.0


def test_products_that_are_no_candidates_take_no_rank():
    month = ranked([[0.9, 0.8, 0.1]], [[NAN, NAN, 1]])
    assert mean_average_precision(month) == 1.0


def test_gain_discounts_the_second_rank_by_log_three():
    month = ranked([[0.9, 0.8, 0.7]], [[0, 1, 0]])
    assert normalised_gain(month) == pytest.approx(1 / np.log2(3))


def test_gain_of_the_ideal_order_is_one():
    month = ranked([[0.9, 0.8, 0.7, 0.6]], [[1, 1, 0, 0]])
    assert normalised_gain(month) == pytest.approx(1.0)


def test_equal_scores_keep_vocabulary_order():
    assert hit_rate(ranked([[0.5, 0.5]], [[1, 0]])) == 1.0
    assert hit_rate(ranked([[0.5, 0.5]], [[0, 1]])) == 0.0


def test_coverage_counts_products_that_reach_somebodys_first_places():
    month = ranked([[3, 2, 1, 0], [3, 2, 1, 0]], [[1, 0, 0, 0], [0, 1, 0, 0]])
    assert coverage(month, depth=2) == 0.5


def test_coverage_does_not_count_products_a_customer_cannot_be_offered():
    month = ranked([[3, 2, 1, 0]], [[1, NAN, NAN, NAN]])
    assert coverage(month, depth=3) == 0.25


def test_area_counts_pairs_in_the_right_order_and_ties_half():
    labels = np.array([1, 0, 1, 0], dtype=float)
    assert area_under_curve(np.array([0.9, 0.1, 0.5, 0.5]), labels) == pytest.approx(3.5 / 4)


def test_area_without_both_outcomes_is_unknown():
    assert np.isnan(area_under_curve(np.array([0.9, 0.1]), np.array([1.0, 1.0])))


def test_area_is_weighted_by_additions_and_never_pooled():
    # Pooled, the popular product's high scores would win every pair against the rare one.
    scores = np.array([[0.9, 0.01], [0.8, 0.02], [0.7, 0.03], [0.6, 0.04]])
    labels = np.array([[0, 1], [1, 0], [1, 0], [1, 0]], dtype=float)
    areas = areas_by_product(scores, labels)
    assert areas.tolist() == [0.0, 0.0]
    assert weighted_area(np.array([1.0, 0.0]), np.array([3.0, 1.0])) == 0.75
    assert weighted_area(np.array([1.0, np.nan]), np.array([3.0, 1.0])) == 1.0


def test_calibration_error_of_constant_predictions_is_their_distance_from_the_rate():
    outcomes = np.tile([1.0, 0.0, 0.0, 0.0], 150)
    assert expected_calibration_error(np.full(600, 0.25), outcomes) == pytest.approx(0, abs=0.01)
    assert expected_calibration_error(np.full(600, 0.45), outcomes) == pytest.approx(0.2, abs=0.01)
