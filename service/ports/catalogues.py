"""Where the bank's catalogue comes from while the service runs."""

from __future__ import annotations

from typing import Protocol, TypeVar

from service.domain.catalogue import Catalogue
from service.errors import CatalogueInvalid

Signature = tuple[object, ...]
SourceT = TypeVar("SourceT", bound="CatalogueContent")


class CatalogueNotKept(CatalogueInvalid):
    """The files are right, but there is no room to keep them for replays."""


class CatalogueContent(Protocol):
    """One version's content, not yet understood."""

    @property
    def version(self) -> str:
        """Of the offers and their words."""

    @property
    def policy_version(self) -> str:
        """Of the policy."""


class CatalogueShelf(Protocol[SourceT]):
    """The catalogue as it lies there now; every method may block."""

    def signature(self) -> Signature:
        """Changes whenever somebody writes; cheap."""

    def read(self) -> SourceT:
        """The content; `CatalogueInvalid` when there is none."""

    def take(self, source: SourceT) -> Catalogue:
        """The catalogue, understood, checked and kept for replays; `CatalogueInvalid` with every
        complaint, `CatalogueNotKept` when it cannot be kept.
        """
