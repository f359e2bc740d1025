"""One consistent set of catalogue, bundle and stages; a change replaces the whole by reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from feature_repo.contract import contract_digest
from service.adjustments import ADJUSTMENTS
from service.channels import CHANNELS
from service.domain.catalogue import Catalogue
from service.domain.columns import Codes
from service.domain.kill_switches import NOTHING_KILLED, KillSwitches
from service.pipeline.engine import Pipeline
from service.pipeline.stages import Channel
from service.ports import Release, Versions
from service.rules import RULES
from service.scorers import SCORERS
from service.selectors.highest_priority import HighestPriority
from service.sources import SOURCES


@dataclass(frozen=True)
class Edition:
    """What every decision of this moment is made with; `release` is None when no bundle is
    promoted.
    """

    catalogue: Catalogue
    release: Release | None
    pipeline: Pipeline
    product_codes: Codes
    product_vocabulary: tuple[str, ...]
    channels: dict[str, Channel]
    versions: Versions
    degraded_reasons: tuple[str, ...] = ()
    kills: KillSwitches = NOTHING_KILLED

    @cached_property
    def lacks(self) -> tuple[str, ...]:
        """Why every decision made with this knows less than it could."""
        stops_model = self.release is not None and self.release.bundle_id in self.kills.models
        return self.degraded_reasons + (("model_killed",) if stops_model else ())

    @cached_property
    def product_places(self) -> Mapping[str, int]:
        """The place of every product in the vocabulary."""
        return {product: place for place, product in enumerate(self.product_vocabulary)}


def compose_edition(
    catalogue: Catalogue,
    release: Release | None,
    product_vocabulary: tuple[str, ...],
    degraded_reasons: tuple[str, ...] = (),
    kills: KillSwitches = NOTHING_KILLED,
) -> Edition:
    """Make the stages once for this catalogue and bundle; the vocabulary is the order of the
    online lists.
    """
    return Edition(
        catalogue=catalogue,
        release=release,
        pipeline=Pipeline(
            sources=tuple(source() for source in SOURCES),
            rules=tuple(rule() for rule in RULES),
            scorers=tuple(scorer(release, catalogue) for scorer in SCORERS),
            adjustments=tuple(adjustment() for adjustment in ADJUSTMENTS),
            selector=HighestPriority(),
        ),
        product_codes=catalogue.product_codes(product_vocabulary),
        product_vocabulary=product_vocabulary,
        channels={name: channel() for channel in CHANNELS for name in channel.names},
        versions=Versions(
            model=release.bundle_id if release else None,
            catalogue=catalogue.version,
            policy=catalogue.policy.version,
            contract=contract_digest(),
        ),
        degraded_reasons=degraded_reasons,
        kills=kills,
    )
