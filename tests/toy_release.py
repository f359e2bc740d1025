"""A promoted bundle of the toy bank with known probabilities, and what the engine makes of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feature_repo.transforms import CATEGORY_FEATURES, ColumnLayout
from service.domain.decision import Decision
from service.domain.rates import Rates
from service.domain.situation import Situation
from service.pipeline.engine import decide
from service.ports import Release
from service.use_cases.edition import Edition, compose_edition
from tests.worlds import VOCABULARY, toy_catalogue

TOY_LAYOUT = ColumnLayout(VOCABULARY, dict.fromkeys(CATEGORY_FEATURES, ()))
PROPENSITIES = np.array([0.4, 0.3, 0.2, 0.1])


@dataclass(frozen=True)
class KnownModel:
    """Gives every product of the toy vocabulary its known probability."""

    layout: ColumnLayout = TOY_LAYOUT

    def predict_candidates(
        self,
        customer: NDArray[np.float32],
        product: NDArray[np.float32],
        product_codes: NDArray[np.intp],
    ) -> NDArray[np.float64]:
        """The known probabilities, after checking that the columns are what the layout says."""
        layout = self.layout
        assert customer.shape == (1, len(layout.customer_names))
        assert product.shape == (1, len(layout.vocabulary), len(layout.product_names))
        return PROPENSITIES[product_codes]

    def contributions(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """The first column speaks for, all others against."""
        shares = np.full(matrix.shape, -0.1)
        shares[:, 0] = 1.0
        return shares


class CountingObserver:
    """Counts instead of measuring."""

    def __init__(self) -> None:
        self.decisions: Counter[str] = Counter()
        self.failures: Counter[tuple[str, str]] = Counter()

    def decided(self, decision: Decision, *, channel: str) -> None:
        """Count by channel."""
        self.decisions[channel] += 1

    def stage_failed(self, stage: str, name: str) -> None:
        """Count by stage."""
        self.failures[stage, name] += 1


def toy_release() -> Release:
    """The toy bank's champion."""
    return Release(
        bundle_id="toy-1",
        product_vocabulary=VOCABULARY,
        model=KnownModel(),
        rates=Rates(
            product={"account": 0.05, "card": 0.04, "fund": 0.03, "loan": 0.02},
            group={"services": 0.01},
            channel_trigger={"mobile_app/login": {"fund": 0.09}},
            overall=0.015,
        ),
        views_with_data=("product_holdings",),
    )


def toy_edition(release: Release | None = None) -> Edition:
    """The toy bank ready to decide; without a release it has no model."""
    return compose_edition(toy_catalogue(), release, VOCABULARY)


def toy_decision(situation: Situation) -> Decision:
    """What the real engine decides with the toy champion."""
    edition = compose_edition(situation.catalogue, toy_release(), VOCABULARY)
    return decide(situation, edition.pipeline)[0]
