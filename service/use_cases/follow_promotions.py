"""Takes over a newly promoted bundle while serving: tried, loaded beside the old one, put on
record, swapped by reference.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from service.errors import LogUnavailable
from service.ports import ModelShelf, OpenedRelease
from service.use_cases.edition import Edition, compose_edition

POLL_SECONDS = 1.0
RETRY_POLLS = 30
"""A refused champion is tried again so many polls later: its files may have been restored."""


class FollowPromotions:
    """Compares the champion with the edition in use; a refused one leaves the old in place."""

    def __init__(
        self,
        shelf: ModelShelf,
        *,
        edition: Callable[[], Edition],
        record: Callable[[OpenedRelease], Awaitable[None]],
        adopt: Callable[[Edition, OpenedRelease], None],
        refuse: Callable[[OpenedRelease], None],
    ) -> None:
        self._shelf, self._edition, self._record = shelf, edition, record
        self._adopt, self._refuse = adopt, refuse
        self._refused: str | None = None
        self._polls_since = 0

    async def run(self) -> None:
        """Look once a second until cancelled."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Adopt the champion if it is another bundle than the one in use.

        An alias that vanished or is damaged changes nothing: what was verified and loaded stays.
        """
        champion = await asyncio.to_thread(self._shelf.champion)
        self._polls_since += 1
        if champion == self._edition().versions.model:
            self._refused = None  # whoever promotes the refused one again means it
        if champion is None or champion == self._edition().versions.model:
            return
        if champion == self._refused and self._polls_since < RETRY_POLLS:
            return
        self._refused = None
        opened = await self._recorded(await asyncio.to_thread(self._shelf.open_champion))
        if opened.release is None:
            self._refused, self._polls_since = champion, 0
            self._refuse(opened)
            return
        current = self._edition()
        self._adopt(
            compose_edition(
                current.catalogue,
                opened.release,
                current.product_vocabulary,
                kills=current.kills,
            ),
            opened,
        )

    async def _recorded(self, opened: OpenedRelease) -> OpenedRelease:
        """The same, refused when it cannot be put on record."""
        if opened.release is None:
            return opened
        try:
            await self._record(opened)
        except LogUnavailable as error:
            return OpenedRelease(None, str(error), is_refused=True)
        return opened
