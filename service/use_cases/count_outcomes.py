"""Counts recorded outcomes in the shared memory, again and again while that cannot be reached."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from service.domain.catalogue import Catalogue
from service.domain.contact_reservation import cap_checks_at, keep_seconds
from service.domain.situation import zone_or_none
from service.ports import Clock, ContactStore, NoteStatus, OutcomeObserver

RETRY_AFTER_SECONDS = (0.25, 0.5, 5.0, 60.0, 600.0)
"""Waits before each of the five further attempts; then only a rebuild brings the count in."""
LOOK_SECONDS = 0.1
MOST_WAITING = 100_000
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
    failures: int = 0
    due: float = 0.0


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
        self._waiting: deque[Uncounted] = deque(maxlen=MOST_WAITING)

    async def count(self, outcome: Uncounted) -> NoteStatus:
        """Try now; what could not be counted waits for the next attempt."""
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
        if status is NoteStatus.UNREACHABLE:
            self._put_off(outcome)
        return status

    async def run(self) -> None:
        """Try what waits whenever it is due, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.look()

    async def look(self) -> None:
        """One attempt for each that is due now."""
        now = asyncio.get_running_loop().time()
        for _ in range(len(self._waiting)):
            outcome = self._waiting.popleft()
            if outcome.due <= now:
                await self.count(outcome)
            else:
                self._waiting.append(outcome)

    def _put_off(self, outcome: Uncounted) -> None:
        if outcome.failures >= len(RETRY_AFTER_SECONDS):
            self._observer.gave_up()
            return
        due = asyncio.get_running_loop().time() + RETRY_AFTER_SECONDS[outcome.failures]
        self._waiting.append(replace(outcome, failures=outcome.failures + 1, due=due))
