"""Catalogues and bundles of the past, opened again for decisions that were made with them."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from model_registry.errors import RegistryError
from service.adapters.catalogue_archive import CatalogueArchive
from service.adapters.model_releases import ModelReleases
from service.domain.catalogue import Catalogue
from service.errors import CatalogueInvalid, RecordGone
from service.ports import Versions
from service.use_cases.edition import Edition, compose_edition

MOST_OPEN = 4
"""Editions kept open: a bundle takes some ten megabytes and a second to open."""


class PastEditionFiles:
    """Opens what the home still keeps; the last few stay open."""

    def __init__(
        self,
        archive: CatalogueArchive,
        releases: ModelReleases,
        product_vocabulary: tuple[str, ...],
    ) -> None:
        self._archive, self._releases = archive, releases
        self._vocabulary = product_vocabulary
        self._open: OrderedDict[Versions, Edition] = OrderedDict()
        self._opening = asyncio.Lock()

    async def open(self, versions: Versions) -> Edition:
        """The edition of these versions; `RecordGone` names what is no longer kept."""
        async with self._opening:
            if versions not in self._open:
                self._open[versions] = await asyncio.to_thread(self._load, versions)
                if len(self._open) > MOST_OPEN:
                    self._open.popitem(last=False)
            self._open.move_to_end(versions)
            return self._open[versions]

    async def catalogue(self, versions: Versions) -> Catalogue:
        """The catalogue alone; `RecordGone` when it is no longer kept."""
        return await asyncio.to_thread(self._catalogue, versions)

    def _catalogue(self, versions: Versions) -> Catalogue:
        try:
            return self._archive.open(versions.catalogue, versions.policy)
        except (CatalogueInvalid, OSError):
            raise RecordGone(
                f"catalogue {versions.catalogue} with policy {versions.policy} is no longer kept,"
                " or was changed: restore it under NBO_HOME/catalogues"
            ) from None

    def _load(self, versions: Versions) -> Edition:
        catalogue = self._catalogue(versions)
        release, vocabulary = None, self._vocabulary
        if versions.model is not None:
            try:
                release = self._releases.open(versions.model)
            except (RegistryError, ValueError, OSError):
                raise RecordGone(
                    f"bundle {versions.model} is no longer kept, or was changed: restore it under"
                    " NBO_HOME/models"
                ) from None
            vocabulary = release.product_vocabulary
        edition = compose_edition(catalogue, release, vocabulary)
        if edition.versions != versions:
            raise RecordGone("the feature contract has changed since: replay with that version")
        return edition
