"""Gain, lift and intervals against answers known beforehand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.scored_month import scored_month, spread_chances
from training.evaluation.gain import (
    SHARES,
    gain_curves,
    lift_at_top_tenth,
    lift_by_decile,
    mean_gain,
)
from training.evaluation.intervals import ranking_intervals
from training.metrics import RankedMonth, mean_average_precision

NAN = np.nan


def one_product(scores: list[float], labels: list[float]) -> np.ndarray:
    return gain_curves(np.array(scores)[:, None], np.array(labels, dtype=np.float32)[:, None])[0]


def test_a_perfect_ranking_finds_everything_at_the_rate_of_additions() -> None:
    curve = one_product(list(range(100, 0, -1)), [1.0] * 5 + [0.0] * 95)
    assert curve[0] == 0.0
    assert curve[1:6] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert (curve[5:] == 1.0).all()
    assert lift_at_top_tenth(curve[None, :])[0] == pytest.approx(10.0)


def test_the_worst_ranking_finds_everything_last() -> None:
    curve = one_product(list(range(100)), [1.0] * 5 + [0.0] * 95)
    assert curve[95] == pytest.approx(0.0, abs=1e-12)
    assert curve[100] == 1.0


def test_equal_scores_lie_on_chance_in_whatever_order_they_come() -> None:
    labels = [1.0] * 7 + [0.0] * 33
    for order in (labels, labels[::-1]):
        assert one_product([0.3] * 40, order) == pytest.approx(SHARES)


def test_scores_without_an_end_and_unknown_pairs_are_borne() -> None:
    curve = one_product([-np.inf, -np.inf, 1.0, 5.0], [0.0, 0.0, 1.0, NAN])
    assert curve[34] == pytest.approx(1.0)


def test_a_product_nobody_added_has_no_gain_and_no_weight() -> None:
    labels = np.array([[1, 0], [0, 0], [0, 0], [0, NAN]], dtype=np.float32)
    scores = np.array([[0.9, 0.1], [0.1, 0.2], [0.2, 0.3], [0.3, 0.4]])
    curves = gain_curves(scores, labels)
    assert np.isnan(curves[1]).all()
    assert mean_gain(curves, labels) == pytest.approx(curves[0])
    assert np.isnan(mean_gain(curves[1:], labels[:, 1:])).all()


def test_products_weigh_as_much_as_they_have_additions() -> None:
    curves = np.stack([np.zeros(len(SHARES)), np.ones(len(SHARES))])
    labels = np.array([[1, 1], [0, 1], [0, 1]], dtype=np.float32)
    assert mean_gain(curves, labels) == pytest.approx(np.full(len(SHARES), 0.75))


def test_the_lifts_of_all_tenths_average_one() -> None:
    lifts = lift_by_decile(np.sqrt(SHARES))
    assert len(lifts) == 10
    assert np.mean(lifts) == pytest.approx(1.0)
    assert lifts == sorted(lifts, reverse=True)


def test_an_interval_holds_its_measure_and_narrows_with_more_customers() -> None:
    widths = []
    for customers in (300, 4_800):
        measured = scored_month(spread_chances(customers, 6)).result
        span = measured.intervals["model"].map_at_7
        assert span.low < measured.map_at_7 < span.high
        widths.append(span.high - span.low)
    assert widths[0] / widths[1] == pytest.approx(4.0, rel=0.35)


def test_intervals_cover_the_truth_about_as_often_as_they_promise() -> None:
    chances = spread_chances(400, 5)
    scored = [scored_month(chances, seed=seed).scores for seed in range(60)]
    values, covered = [], []
    for scores in scored:
        ranked = RankedMonth.of(scores.by_name["model"], scores.month.labels)
        values.append(mean_average_precision(ranked))
    for scores in scored:
        only = {"model": scores.by_name["model"]}
        span = ranking_intervals(only, scores.month.labels)["model"].map_at_7
        covered.append(span.low <= np.mean(values) <= span.high)
    assert np.mean(covered) >= 0.85


def test_the_model_s_lead_is_told_on_the_same_customers() -> None:
    """Resampled together, two like rankings differ far less than each of them varies."""
    measured = scored_month(spread_chances(600, 6)).result
    likewise = measured.intervals["uncalibrated"]
    assert likewise.model_lead_map_at_7 is not None
    assert likewise.model_lead_map_at_7.high == pytest.approx(0.0)
    assert likewise.map_at_7.high - likewise.map_at_7.low > 0.02
    assert measured.intervals["model"].model_lead_map_at_7 is None


def test_without_additions_there_is_no_interval() -> None:
    spans = ranking_intervals({"model": np.full((3, 2), 0.1)}, np.zeros((3, 2), np.float32))
    assert np.isnan(spans["model"].map_at_7.low)
