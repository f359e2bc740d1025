"""Where the bank is simulated, its true chances stand beside the model; nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from model_registry.home import Home
from tests.learnable_bank import LABEL_MONTHS, learnable_home
from training.evaluation.oracle_scores import oracle_scores
from training.label_month import read_label_month
from training.metrics import RankedMonth, mean_average_precision
from training.simulated_bank.simulate import SimulationConfig, simulate_bank


@pytest.fixture(scope="module")
def simulated(tmp_path_factory) -> Home:
    home = Home(tmp_path_factory.mktemp("simulated"))
    simulate_bank(SimulationConfig(customers=400, days=120, seed=3), home)
    return home


def test_the_oracle_ranks_a_simulated_month_better_than_popularity(simulated):
    bank = simulated.bank()
    month = read_label_month(simulated, bank, bank.label_months[-1])
    oracle = oracle_scores(simulated, month)["oracle"]
    popularity = np.broadcast_to(np.nansum(month.labels, axis=0), month.labels.shape)
    best, simple = (RankedMonth.of(scores, month.labels) for scores in (oracle, popularity))
    assert oracle.shape == month.labels.shape
    assert mean_average_precision(best) > mean_average_precision(simple) + 0.1


def test_a_simulated_bank_that_lost_its_truth_has_no_oracle(simulated, tmp_path):
    bank = simulated.bank()
    month = read_label_month(simulated, bank, bank.label_months[-1])
    bereft = Home(tmp_path)
    bereft.write_bank(bank)
    assert oracle_scores(bereft, month) == {}


def test_a_real_bank_has_no_oracle(tmp_path):
    home = learnable_home(tmp_path, customers=50)
    month = read_label_month(home, home.bank(), LABEL_MONTHS[-1])
    assert oracle_scores(home, month) == {}
