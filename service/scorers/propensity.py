"""P from the ranker: one customer's columns, one predict call."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from feature_repo.raw_features import Float32s
from feature_repo.transforms import candidate_matrix, customer_columns, product_columns
from service.domain.catalogue import Catalogue
from service.domain.columns import Codes, Floats, Mask
from service.domain.decision import Rung
from service.domain.situation import Situation
from service.ports import Release


class Propensity:
    """Calibrated Pr(product added within the next period); offers outside the vocabulary get their
    group's rate.
    """

    name: ClassVar[str] = "propensity_model"
    rung: ClassVar[Rung] = Rung.FULL
    gives_propensity: ClassVar[bool] = True

    def __init__(self, release: Release | None, catalogue: Catalogue) -> None:
        self._release = release
        self._rates = release.rates.of(catalogue) if release else np.full(len(catalogue), np.nan)

    def applies(self, situation: Situation) -> bool:
        """Needs a model nobody stopped, usable features, and no objection to personalisation."""
        return (
            self._release is not None
            and self._release.bundle_id not in situation.kills.models
            and situation.customer.features is not None
            and situation.is_personalised
        )

    def scores(self, situation: Situation, permitted: Mask) -> Floats:
        """float64 per offer, NaN where not permitted."""
        release = self._release
        assert release is not None
        scores = np.where(permitted, self._rates, np.nan)
        rows = (permitted & (situation.product_codes >= 0)).nonzero()[0]
        if rows.size:
            codes = situation.product_codes[rows]
            scores[rows] = _by_product(situation, release, codes)[codes]
        return scores


def model_matrix(situation: Situation, release: Release, product_codes: Codes) -> Float32s:
    """The rows the model reads of this customer and these products (rows, columns)."""
    return candidate_matrix(*_columns(situation, release), product_codes)


def _by_product(situation: Situation, release: Release, codes: Codes) -> Floats:
    """Probabilities by product code, NaN for products not among the codes: offers of one product
    are one row to the model, which is scored once.
    """
    customer, product = _columns(situation, release)
    by_product = np.full(product.shape[1], np.nan)
    by_product[codes] = 0.0
    asked = (by_product == 0.0).nonzero()[0]
    by_product[asked] = release.model.predict_candidates(customer, product, asked)
    return by_product


def _columns(situation: Situation, release: Release) -> tuple[Float32s, Float32s]:
    """What describes her (1, Kc), and every product to her (1, V, Kp)."""
    features, layout = situation.customer.features, release.model.layout
    assert features is not None
    return (
        customer_columns(features, situation.as_of_days, layout),
        product_columns(features, situation.as_of_days, layout),
    )
