"""The catalogues in the repository: complete in both languages, with something for strangers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from feature_repo.contract import CHANNELS
from service.adapters.catalogue_files import CatalogueFiles

SHIPPED = sorted(
    Path(__file__).parents[2] / "catalogue" / bank for bank in ("santander", "simulated")
)


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_a_shipped_catalogue_speaks_both_languages_in_every_channel(folder: Path) -> None:
    catalogue = CatalogueFiles(folder, bank=folder.name).load()
    assert set(catalogue.policy.channels) == set(CHANNELS)
    for row in range(len(catalogue)):
        for channel in (name for name, mask in catalogue.in_channel.items() if mask[row]):
            for locale in ("zh-CN", "en"):
                assert catalogue.treatment(row, locale=locale, channel=channel)


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_a_shipped_catalogue_has_three_services_for_strangers_everywhere(folder: Path) -> None:
    catalogue = CatalogueFiles(folder).load()
    asks_nothing = catalogue.repeatable & np.isnan(catalogue.minimum_age) & ~catalogue.killed
    for mask in catalogue.extra_purposes.values():
        asks_nothing &= ~mask
    for placed in catalogue.in_placement.values():
        assert (asks_nothing & placed).sum() >= 3


def test_santander_fills_a_strangers_feed_and_asks_for_no_fact_the_panel_lacks() -> None:
    (folder,) = (folder for folder in SHIPPED if folder.name == "santander")
    catalogue = CatalogueFiles(folder).load()
    assert np.isnan(catalogue.minimum_age).all()
    assert not catalogue.extra_purposes
    services = [catalogue.groups[row] for row in np.flatnonzero(catalogue.repeatable)]
    most = catalogue.policy.max_per_group
    assert sum(min(services.count(group), most) for group in set(services)) >= 3
    products = ~catalogue.repeatable
    assert products.sum() >= 16
    assert len({catalogue.groups[row] for row in np.flatnonzero(products)}) >= 6
