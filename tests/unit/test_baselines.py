"""Popularity and last-product transition on counts small enough to add up by hand."""

from __future__ import annotations

import numpy as np
import pytest

from training.baselines import (
    TransitionCounts,
    fit_popularity,
    fit_transition,
    last_product_added,
)


def test_popularity_is_additions_per_customer_over_all_months():
    popularity = fit_popularity([[3, 0], [1, 2]], [10, 10])
    assert popularity.tolist() == pytest.approx([0.2, 0.1])


def test_popularity_of_no_month_is_unknown():
    assert np.isnan(fit_popularity(np.zeros((0, 3)), [])).all()


def test_transition_without_smoothing_is_the_share_after_the_last_product():
    added = np.array([[0, 1], [0, 1], [0, 0], [1, 0]])
    last = np.array([0, 0, 0, 2])
    transition = fit_transition(added, last, smoothing=0.01)
    assert transition[0].tolist() == pytest.approx([0, 2 / 3], abs=0.01)
    assert transition[2].tolist() == pytest.approx([1, 0], abs=0.02)


def test_transition_after_a_product_nobody_added_is_popularity():
    transition = fit_transition(np.array([[1, 0], [0, 0]]), np.array([0, 0]))
    assert transition[1].tolist() == pytest.approx([0.5, 0.0])


def test_unknown_labels_count_as_not_added():
    transition = fit_transition(np.array([[np.nan, 1]]), np.array([0]))
    assert transition[0].tolist() == pytest.approx([0.0, 1.0])


def test_transition_of_no_customer_is_unknown():
    assert np.isnan(fit_transition(np.zeros((0, 2)), np.zeros(0))).all()


def test_the_last_product_is_the_one_of_the_newest_day():
    days = np.array([[5, 9, np.nan], [7, 7, np.nan], [np.nan] * 3], dtype=np.float32)
    assert last_product_added(days).tolist() == [1, 0, 3]


def test_transitions_counted_in_parts_are_those_of_the_whole():
    random = np.random.default_rng(1)
    added, last = random.random((90, 4)) < 0.2, random.integers(0, 5, 90)
    parts = [TransitionCounts.of(added[rows], last[rows]) for rows in np.split(np.arange(90), 3)]
    together = parts[0] + parts[1] + parts[2]
    assert np.array_equal(together.probabilities(), fit_transition(added, last))
