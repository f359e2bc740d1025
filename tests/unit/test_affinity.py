"""Collaborative filtering in a world where two kinds of customers hold two kinds of products."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from training.affinity import (
    AffinityConfig,
    HoldingPatterns,
    fit_affinity,
    fit_affinity_to,
    unique_patterns,
)

SAVER, BORROWER = [1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1]


@pytest.fixture(scope="module")
def two_kinds():
    rng = np.random.default_rng(7)
    held = np.repeat([SAVER, BORROWER], 300, axis=0).astype(np.float32)
    held[rng.random(held.shape) < 0.25] = 0.0
    return held


def test_a_saver_fits_the_missing_saving_product_better_than_any_loan(two_kinds):
    model = fit_affinity(two_kinds, AffinityConfig())
    scores = model.scores(np.array([[1, 1, 0, 0, 0, 0]], dtype=np.float32))[0]
    assert scores[2] > scores[3:].max()


def test_shuffled_customers_give_the_same_model_and_scores(two_kinds):
    order = np.random.default_rng(3).permutation(len(two_kinds))
    first = fit_affinity(two_kinds, AffinityConfig())
    second = fit_affinity(two_kinds[order], AffinityConfig())
    assert first.to_bytes() == second.to_bytes()
    assert np.array_equal(first.scores(two_kinds)[order], second.scores(two_kinds[order]))


def test_equal_holdings_score_equal_whoever_else_is_asked_about(two_kinds):
    model = fit_affinity(two_kinds, AffinityConfig())
    alone = model.scores(two_kinds[:1])
    among = model.scores(two_kinds)[:1]
    assert alone == pytest.approx(among, rel=1e-5)


def test_an_unknown_state_counts_as_not_held(two_kinds):
    model = fit_affinity(two_kinds, AffinityConfig())
    known = np.array([[1, 0, 0, 0, 0, 0]], dtype=np.float32)
    unknown = np.array([[1, np.nan, np.nan, 0, 0, 0]], dtype=np.float32)
    assert np.array_equal(model.scores(known), model.scores(unknown))


def test_a_sample_of_customers_keeps_the_share_of_each_pattern(two_kinds):
    model = fit_affinity(two_kinds, AffinityConfig(max_customers=200))
    scores = model.scores(np.array([[1, 1, 0, 0, 0, 0]], dtype=np.float32))[0]
    assert scores[2] > scores[3:].max()


def test_fitting_raises_no_warning_about_threads(two_kinds):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit_affinity(two_kinds, AffinityConfig(iterations=2))


def test_patterns_are_found_back_from_their_positions():
    bits = np.array([[1, 0, 0], [0, 1, 1], [1, 0, 0]], dtype=bool)
    patterns, inverse = unique_patterns(bits)
    assert len(patterns) == 2
    assert np.array_equal(patterns[inverse], bits)


@pytest.mark.parametrize("most", [600, 200, 7])
def test_patterns_counted_in_parts_give_the_model_of_all_customers(two_kinds, most):
    config = AffinityConfig(max_customers=most)
    parts = [HoldingPatterns.of(part) for part in (two_kinds[:100], two_kinds[100:])]
    together = parts[0] + parts[1]
    assert together.counts.sum() == len(two_kinds)
    assert (
        fit_affinity_to(together, config).to_bytes() == fit_affinity(two_kinds, config).to_bytes()
    )


def test_a_sample_is_every_kth_of_the_ordered_customers(two_kinds):
    bits = two_kinds > 0
    ordered = bits[np.lexsort(bits.T[::-1])]
    sample = HoldingPatterns.of(two_kinds).sample(200)
    assert np.array_equal(sample, ordered[::3])
    assert len(HoldingPatterns.of(two_kinds[:0]).sample(200)) == 0
