"""What the oracle would have ranked by, where there is one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model_registry.home import Home
from training.label_month import LabelMonth
from training.simulated_bank.errors import TruthUnavailable


def oracle_scores(home: Home, month: LabelMonth) -> dict[str, NDArray[np.float64]]:
    """{"oracle": true probabilities (n, V)}; empty unless the home's bank is simulated."""
    bank = home.bank()
    if not bank.source.startswith("simulated"):
        return {}
    from training.evaluation.oracle import Oracle

    try:
        oracle = Oracle(home)
        chances = oracle.addition_probability(month.customers, month.as_of)
    except TruthUnavailable:
        return {}
    order = [oracle.products.index(product) for product in bank.product_vocabulary]
    return {"oracle": np.nan_to_num(chances[:, order], nan=0.0)}
