"""What an evaluation measured; the struct's fields are the keys of `nbo evaluate --json`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import msgspec

LEAKAGE_ALARM_AUC = 0.9
"""A product ranked better than this is more often a leak than luck; it is reported, not refused."""

ACCEPTED_OBSERVED_OVER_EXPECTED = (0.8, 1.25)
"""Within these a product's probabilities may be taken at their word."""


class RankingQuality(msgspec.Struct, frozen=True):
    """How well one way to rank did; definitions are in `training/metrics.py`."""

    map_at_7: float
    ndcg_at_5: float
    hit_rate_at_1: float
    auc_weighted: float
    coverage: float


class Interval(msgspec.Struct, frozen=True, array_like=True):
    """A 95 % interval, [low, high] in JSON."""

    low: float
    high: float


class RankingIntervals(msgspec.Struct, frozen=True):
    """How sure a ranking's measures are when customers are resampled.

    `model_lead_map_at_7`: the model's MAP@7 minus this ranking's; None for the model itself.
    """

    map_at_7: Interval
    ndcg_at_5: Interval
    hit_rate_at_1: Interval
    model_lead_map_at_7: Interval | None


class CalibrationBin(msgspec.Struct, frozen=True):
    """One of 15 equal-mass bins over all candidates: mean probability, observed rate, share."""

    expected: float
    observed: float
    weight: float


class ProductResult(msgspec.Struct, frozen=True):
    """One product; `auc` is None without both outcomes, `observed_over_expected` under 200.

    `lift_at_top_tenth`: rate of additions in the likeliest tenth over that of all candidates; None
    when nobody added the product.
    """

    candidates: int
    additions: int
    expected: float
    auc: float | None
    observed_over_expected: float | None
    lift_at_top_tenth: float | None

    @property
    def is_miscalibrated(self) -> bool:
        """Whether observed over expected can be told and lies outside what is accepted."""
        low, high = ACCEPTED_OBSERVED_OVER_EXPECTED
        ratio = self.observed_over_expected
        return ratio is not None and not low <= ratio <= high


class EvaluationResult(msgspec.Struct, frozen=True, kw_only=True):
    """A model and its baselines on one month it has not seen.

    `customers` have a label; rankings are averaged over `customers_with_additions`. Oracle values
    are None unless the bank is simulated. `leakage_alarm`: products with an AUC above 0.9.
    `lift_by_decile`: rate of additions per tenth of the candidates, likeliest first, as a multiple
    of the average; a mean over products weighted by their additions.
    """

    model: str
    test_month: date
    as_of: date
    customers: int
    customers_with_additions: int
    map_at_7: float
    map_at_7_uncalibrated: float
    popularity_map_at_7: float
    transition_map_at_7: float
    affinity_map_at_7: float
    oracle_map_at_7: float | None
    ndcg_at_5: float
    hit_rate_at_1: float
    auc_weighted: float
    oracle_auc_weighted: float | None
    ece: float
    ece_uncalibrated: float
    coverage: float
    leakage_alarm: list[str]
    lift_by_decile: list[float]
    rankings: dict[str, RankingQuality]
    intervals: dict[str, RankingIntervals]
    products: dict[str, ProductResult]
    calibration: list[CalibrationBin]

    def items(self) -> Iterator[tuple[str, object]]:
        """The single values, by name; tables left out."""
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if not isinstance(value, dict | list):
                yield name, value

    def numbers(self) -> dict[str, float]:
        """The measures among them, for a manifest."""
        return {
            name: float(value)
            for name, value in self.items()
            if isinstance(value, int | float) and value is not None
        }
