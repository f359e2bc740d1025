"""Plain response rates: what is known about an offer when nothing usable is known about the
customer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from service.domain.catalogue import Catalogue
from service.domain.columns import Floats


@dataclass(frozen=True)
class Rates:
    """Rates by product, by offer group, and by `<channel>/<trigger>` or segment, then product;
    `overall` where none fits.
    """

    product: Mapping[str, float]
    group: Mapping[str, float]
    channel_trigger: Mapping[str, Mapping[str, float]]
    overall: float
    segment: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def of(self, catalogue: Catalogue) -> Floats:
        """float64 per offer: the product's rate, else its group's, else the overall one."""
        pairs = zip(catalogue.product_ids, catalogue.groups, strict=True)
        return np.array([self._one(product, group) for product, group in pairs])

    def in_context(self, catalogue: Catalogue, *, channel: str, trigger: str | None) -> Floats:
        """The same, with what was observed in this channel after this trigger taking precedence."""
        return self._with(self.channel_trigger.get(f"{channel}/{trigger}", {}), catalogue)

    def in_segment(self, catalogue: Catalogue, segment: str | None) -> Floats:
        """The same, with what customers of this segment did taking precedence."""
        return self._with(self.segment.get(segment or "", {}), catalogue)

    def _with(self, observed: Mapping[str, float], catalogue: Catalogue) -> Floats:
        pairs = zip(catalogue.product_ids, self.of(catalogue), strict=True)
        return np.array([observed.get(product, rate) for product, rate in pairs])

    def _one(self, product: str, group: str) -> float:
        return self.product.get(product, self.group.get(group, self.overall))
