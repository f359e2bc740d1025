"""Takes over a changed catalogue while serving: complete, checked, kept and put on record first,
then swapped by reference.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic

from service.domain.catalogue import Catalogue
from service.errors import CatalogueInvalid, LogUnavailable
from service.ports.catalogues import CatalogueNotKept, CatalogueShelf, Signature, SourceT
from service.use_cases.edition import Edition, compose_edition

POLL_SECONDS = 0.25
RETRY_POLLS = 40
"""One that was right but could not be kept or put on record is tried again so many polls later."""


class FollowCatalogue(Generic[SourceT]):
    """Compares the catalogue on the shelf with the edition in use; a refused one leaves the old in
    place until somebody writes again. `agree` is told whenever both are found the same.
    """

    def __init__(
        self,
        shelf: CatalogueShelf[SourceT],
        *,
        edition: Callable[[], Edition],
        record: Callable[[Catalogue], Awaitable[None]],
        adopt: Callable[[Edition], None],
        refuse: Callable[[str], None],
        agree: Callable[[], None],
    ) -> None:
        self._shelf, self._edition, self._record = shelf, edition, record
        self._adopt, self._refuse, self._agree = adopt, refuse, agree
        self._seen: Signature | None = None
        self._settled: Signature | None = None
        self._polls_to_wait = 0

    async def run(self) -> None:
        """Look four times a second until cancelled."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Adopt what lies there if it differs from what is in use and nobody is writing it.

        Whoever saves three files saves them one by one: only what two looks found alike is read.
        """
        signature = await asyncio.to_thread(self._shelf.signature)
        is_steady, self._seen = signature == self._seen, signature
        self._polls_to_wait = max(0, self._polls_to_wait - 1)
        if signature == self._settled or not is_steady or self._polls_to_wait:
            return
        try:
            catalogue = await asyncio.to_thread(self._take, signature, self._in_use)
            if catalogue is not None:
                await self._record(catalogue)
        except (CatalogueNotKept, LogUnavailable) as refused:
            self._polls_to_wait = RETRY_POLLS
            self._refuse(str(refused))
            return
        except CatalogueInvalid as refused:
            self._settled = signature
            self._refuse(str(refused))
            return
        except _StillWriting:
            return
        self._settled = signature
        if catalogue is not None:
            self._swap(catalogue)
        self._agree()

    def _take(self, signature: Signature, in_use: tuple[str, str]) -> Catalogue | None:
        """The catalogue, None when it is the one in use; runs beside the loop."""
        source = self._shelf.read()
        if self._shelf.signature() != signature:
            raise _StillWriting
        if (source.version, source.policy_version) == in_use:
            return None
        return self._shelf.take(source)

    def _swap(self, catalogue: Catalogue) -> None:
        """On the loop's thread, from the edition of now: a bundle adopted meanwhile stays."""
        current = self._edition()
        self._adopt(
            compose_edition(
                catalogue,
                current.release,
                current.product_vocabulary,
                current.degraded_reasons,
                kills=current.kills,
            )
        )

    @property
    def _in_use(self) -> tuple[str, str]:
        catalogue = self._edition().catalogue
        return catalogue.version, catalogue.policy.version


class _StillWriting(Exception):
    """The files changed while they were read."""
