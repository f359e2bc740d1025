"""Time never flows backwards, and a customer never stands on both sides of a fold."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.toy_bank import LABEL_MONTHS, identity
from training.config import TrainConfig
from training.dataset import choose_rows
from training.errors import EvaluationRefused, TrainingRefused
from training.label_month import LabelMonth
from training.splitting import (
    customer_keys,
    default_train_until,
    folds_of,
    next_label_month,
    snapshot_before,
    training_months,
    uniform_of,
)

PANEL = [date(2015, 6, 28), date(2016, 1, 28), date(2016, 3, 28), date(2016, 4, 28)]


def test_six_months_until_march_leave_out_june_and_april():
    assert training_months(PANEL, date(2016, 3, 28), 6) == PANEL[1:3]


def test_the_window_is_open_at_its_left_end():
    months = [date(2016, 1, 31), date(2016, 7, 31)]
    assert training_months(months, date(2016, 7, 31), 6) == months[1:]
    assert training_months(months, date(2016, 7, 31), 7) == months


def test_without_a_label_month_in_the_window_training_is_refused_naming_those_there():
    with pytest.raises(TrainingRefused, match="2015-06-28"):
        training_months(PANEL, date(2015, 5, 28), 6)


def test_the_last_label_month_is_kept_for_measuring_by_default():
    assert default_train_until(PANEL) == PANEL[2]
    with pytest.raises(TrainingRefused, match="two are needed"):
        default_train_until(PANEL[:1])


@given(
    st.sets(st.dates(date(2010, 1, 1), date(2030, 1, 1)), min_size=2, max_size=20),
    st.integers(1, 36),
    st.data(),
)
def test_no_training_month_reaches_the_month_that_measures(months, window, data):
    until = data.draw(st.sampled_from(sorted(months)))
    chosen = training_months(sorted(months), until, window)
    test_month = next_label_month(sorted(months), until)
    assert max(chosen) == until
    assert test_month is None or test_month > max(chosen)


def test_rows_are_as_of_the_last_snapshot_before_their_month():
    bank = identity()
    assert snapshot_before(bank, LABEL_MONTHS[-1]) == date(2024, 5, 28)
    with pytest.raises(EvaluationRefused, match="2024-05-28 is no label month"):
        snapshot_before(bank, date(2024, 5, 28))


def test_a_customers_fold_depends_on_nothing_but_her():
    names = [f"c{number}" for number in range(500)]
    folds = dict(zip(names, folds_of(names, 4), strict=True))
    assert folds_of(names[::-1], 4).tolist() == [folds[name] for name in names[::-1]]
    assert np.bincount(list(folds.values())).min() > 80


def labelled(count: int, seed: int = 1) -> LabelMonth:
    rng = np.random.default_rng(seed)
    labels = (rng.random((count, 4)) < 0.05).astype(np.float32)
    labels[rng.random(labels.shape) < 0.3] = np.nan
    names = [f"c{number:05d}" for number in range(count)]
    return LabelMonth(PANEL[1], date(2015, 12, 28), names, labels, ["a", "b", "c", "d"])


def test_few_rows_are_all_kept():
    month = labelled(100)
    choice = choose_rows([month], TrainConfig(max_rows=10_000))
    assert choice.negative_rate == 1.0
    assert np.array_equal(choice.chosen[0], month.candidates)


@pytest.mark.parametrize(
    "config", [TrainConfig(max_rows=4_000), TrainConfig(max_negatives_per_positive=3)]
)
def test_sampling_keeps_every_addition_and_about_the_share_of_negatives_it_records(config):
    month = labelled(5_000)
    choice = choose_rows([month], config)
    additions = month.labels == 1
    negatives = month.candidates & ~additions
    assert (choice.chosen[0] & additions).sum() == additions.sum()
    assert not (choice.chosen[0] & ~month.candidates).any()
    kept = (choice.chosen[0] & negatives).sum() / negatives.sum()
    assert kept == pytest.approx(choice.negative_rate, abs=0.02)


def test_months_in_which_nobody_added_anything_teach_nothing():
    month = labelled(50)
    month.labels[month.labels == 1] = 0.0
    with pytest.raises(TrainingRefused, match="nobody added a product in 2016-01-28"):
        choose_rows([month], TrainConfig())


def test_which_negatives_are_kept_depends_on_the_row_and_not_on_its_neighbours():
    names = [f"c{number}" for number in range(50)]
    keys = customer_keys(names, purpose="negative sampling")
    salts = np.arange(3, dtype=np.uint64)
    together = uniform_of(keys[:, None], salts[None, :])
    alone = uniform_of(keys[7:8, None], salts[None, :])
    assert np.array_equal(together[7:8], alone)
    assert ((together >= 0) & (together < 1)).all()
