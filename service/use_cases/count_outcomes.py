"""Counts recorded outcomes in the shared memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from service.domain.catalogue import Catalogue
from service.domain.contact_reservation import cap_checks_at, keep_seconds
from service.domain.situation import zone_or_none
from service.ports import Clock, ContactStore, NoteStatus, OutcomeObserver

MOST_AT_ONCE = 32
"""Notes of one worker on their way: as many more would keep decisions waiting for their turn."""
NOTE_SECONDS = 0.2
"""How long a note may take at least: longer than a decision, for nobody waits at a counter."""


@dataclass(frozen=True)
class Uncounted:
    """An outcome that is on record and not yet in its customer's history."""

    customer_id: str
    entry: np.void
    time_zone: str | None = None
    """The customer's own; None or no zone = the bank's."""


class CountOutcomes:
    """One note at a time per outcome; the history itself tells duplicates."""

    def __init__(
        self,
        contacts: ContactStore,
        clock: Clock,
        observer: OutcomeObserver,
        *,
        catalogue: Callable[[], Catalogue],
        within_seconds: float,
    ) -> None:
        self._contacts, self._clock, self._observer = contacts, clock, observer
        self._catalogue, self._within_seconds = catalogue, within_seconds
        self._turn = asyncio.Semaphore(MOST_AT_ONCE)

    async def count(self, outcome: Uncounted) -> NoteStatus:
        """One attempt, when it is this one's turn."""
        catalogue = self._catalogue()
        zone = zone_or_none(outcome.time_zone) or catalogue.zone
        async with self._turn:
            status = await self._contacts.note(
                outcome.customer_id,
                outcome.entry,
                keep_seconds=keep_seconds(catalogue.policy.contact),
                within_seconds=self._within_seconds,
                caps=cap_checks_at(catalogue, self._clock.as_of(), zone),
            )
        if status is NoteStatus.OVERRUN:
            self._observer.overran()
        return status
