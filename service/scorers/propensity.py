"""P from the ranker: one feature matrix, one predict call."""

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
        scores = np.full(len(permitted), np.nan)
        scores[permitted] = self._rates[permitted]
        rows = np.flatnonzero(permitted & (situation.product_codes >= 0))
        if not rows.size:
            return scores
        codes = situation.product_codes[rows]
        scores[rows] = release.model.predict(model_matrix(situation, release, codes), codes)
        return scores


def model_matrix(situation: Situation, release: Release, product_codes: Codes) -> Float32s:
    """The columns the model reads of this customer and these products (rows, columns)."""
    features, layout = situation.customer.features, release.model.layout
    assert features is not None
    return candidate_matrix(
        customer_columns(features, situation.as_of_days, layout),
        product_columns(features, situation.as_of_days, layout),
        product_codes,
    )
