"""The outcomes of one worker that are on record and not counted yet: their keys, no more.

What is in nobody's mind is found in the log again: beside the chain lies a note of how far all of
it has been counted or waits, and of the keys that wait. Whoever continues the chain reads it.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from time import monotonic

import msgspec

from service.errors import LogUnavailable
from service.ports import EventLog, OutcomeObserver, OwnPlace, RecordKind

RETRY_AFTER_SECONDS = (0.25, 0.5, 5.0, 60.0, 600.0)
"""Waits before each of the five further attempts; the last again and again from then on."""
SOONEST_LOOK_SECONDS, LATEST_LOOK_SECONDS = 30.0, 3_600.0
"""How often a decision is looked for: less and less."""
IN_HAND_SECONDS = 30.0
"""Longer than anybody takes who is just counting it."""
LONGEST_WAIT = timedelta(days=30)
MOST_OF_EACH = 100_000
"""So many keys of uncounted and so many of quarantined outcomes are kept in mind."""
FED_AT_ONCE = 2_000
SLACK = 10_000
KEEP_SECONDS = 1.0
KEEP_RECORDS = 5_000
"""So many records are not worth a note: going through their headers takes milliseconds."""


class BacklogNote(msgspec.Struct, frozen=True, kw_only=True):
    """Everything up to `counted_seq` in this chain was counted, or is in `waiting`."""

    format: int = 1
    counted_seq: int
    waiting: list[bytes]


@dataclass
class _Wait:
    due: float
    failures: int = 0
    is_quarantined: bool = False


class OutcomeBacklog:
    """Keys of what waits, in the order it is due; for one event loop. What finds no room is not
    forgotten: it is found in the chain once there is room again.
    """

    def __init__(
        self,
        log: EventLog,
        observer: OutcomeObserver,
        *,
        timer: Callable[[], float] = monotonic,
        most: int = MOST_OF_EACH,
    ) -> None:
        self._log, self._observer, self._timer, self._most = log, observer, timer, most
        self._waits: dict[bytes, _Wait] = {}
        self._order: list[tuple[float, bytes]] = []
        self._quarantined = 0
        self._behind: int | None = None
        self._spilled: int | None = None
        self._since: datetime | None = None
        self._places: Iterator[OwnPlace] | None = None
        self._is_taken_up, self._has_changed = False, False
        self._kept_at, self._kept_seq = 0.0, 0

    def __len__(self) -> int:
        return len(self._waits)

    def expect(self, keys: Sequence[bytes]) -> None:
        """These are about to be appended and then counted."""
        for key in keys:
            if self._has_room:
                self._put(key, _Wait(self._timer() + IN_HAND_SECONDS))
            elif self._spilled is None:
                self._spilled = self._log.durable_seq

    def counted(self, key: bytes) -> None:
        """This one waits no longer."""
        wait = self._waits.pop(key, None)
        if wait is not None:
            self._quarantined -= wait.is_quarantined
            self._has_changed = True

    def put_off(self, key: bytes) -> None:
        """This one could not be counted now."""
        wait = self._waits.get(key)
        if wait is None and not self._has_room:
            return  # it was spilled, or it waits where it was reported first
        failures = wait.failures + 1 if wait and not wait.is_quarantined else 1
        if failures == len(RETRY_AFTER_SECONDS) + 1:
            self._observer.gave_up()
        seconds = RETRY_AFTER_SECONDS[min(failures, len(RETRY_AFTER_SECONDS)) - 1]
        self._put(key, _Wait(self._timer() + seconds, failures))

    def quarantine(self, key: bytes) -> None:
        """Nobody knows the decision of this one yet."""
        wait = self._waits.get(key)
        looks = wait.failures + 1 if wait and wait.is_quarantined else 0
        if not looks and self._quarantined >= self._most:
            self.counted(key)
            self._observer.gave_up()
            return
        seconds = min(SOONEST_LOOK_SECONDS * 2.0 ** min(looks, 16), LATEST_LOOK_SECONDS)
        self._put(key, _Wait(self._timer() + seconds, looks, is_quarantined=True))

    def let_go(self, key: bytes) -> None:
        """This one has waited for as long as was promised."""
        wait = self._waits.get(key)
        if wait is not None and not wait.is_quarantined:
            self._observer.gave_up()
        self.counted(key)

    def due(self, most: int) -> list[bytes]:
        """What is to be tried now, at most so many; each comes again unless it is counted."""
        now, keys = self._timer(), list[bytes]()
        while self._order and self._order[0][0] <= now and len(keys) < most:
            due, key = heapq.heappop(self._order)
            wait = self._waits.get(key)
            if wait is not None and wait.due == due:
                keys.append(key)
                wait.due = now + IN_HAND_SECONDS
                heapq.heappush(self._order, (wait.due, key))
        return keys

    async def take_up(self, now: datetime) -> None:
        """Begin where the note of whoever wrote this chain before ends; without one, 30 days back.
        Once only.
        """
        if self._is_taken_up:
            return
        note = _decoded(await asyncio.to_thread(self._log.recall))
        if note is None or note.counted_seq > self._log.durable_seq:  # lost, or another chain's
            self._behind, self._since = 0, now - LONGEST_WAIT
        else:
            self._behind = note.counted_seq
        for key in note.waiting if note else ():
            if key not in self._waits:
                self._put(key, _Wait(self._timer()))
        self._is_taken_up = True

    async def feed(self) -> None:
        """Take in the next part of the chain that was not counted, if there is any, and room."""
        if self._uncounted > self._most // 2:
            return
        if self._behind is None:
            if self._spilled is None:
                return
            self._behind, self._spilled = self._spilled, None
        if self._places is None:
            self._places = self._log.own_places(after=self._behind, since=self._since)
        places, self._places = self._places, None  # one that raised would look like one that ended
        fed = await asyncio.to_thread(list, islice(places, FED_AT_ONCE))
        for place in fed:
            if place.kind is RecordKind.OUTCOME and place.key not in self._waits:
                self._put(place.key, _Wait(self._timer()))
        if fed:
            self._behind, self._places = fed[-1].seq, places
        else:
            self._behind = self._since = None
        self._has_changed = True

    async def keep(self) -> None:
        """Write the note, about once a second, when there is something to write."""
        is_old = self._log.durable_seq - self._kept_seq >= KEEP_RECORDS
        is_time = self._timer() - self._kept_at >= KEEP_SECONDS
        if self._is_taken_up and is_time and (is_old or self._has_changed):
            await asyncio.to_thread(self._remember, self._note())

    def keep_now(self) -> None:
        """Write the note before the log is closed."""
        with suppress(LogUnavailable):  # closed already
            if self._is_taken_up:
                self._remember(self._note())

    @property
    def _uncounted(self) -> int:
        return len(self._waits) - self._quarantined

    @property
    def _has_room(self) -> bool:
        return self._uncounted < self._most

    def _put(self, key: bytes, wait: _Wait) -> None:
        self.counted(key)
        self._waits[key] = wait
        self._quarantined += wait.is_quarantined
        heapq.heappush(self._order, (wait.due, key))
        if len(self._order) > 2 * len(self._waits) + SLACK:  # what was put off or counted since
            self._order = [(it.due, key) for key, it in self._waits.items()]
            heapq.heapify(self._order)
        self._has_changed = True

    def _note(self) -> bytes:
        """What is true now: taken between two awaits, so that nothing is half done in it."""
        counted = self._log.durable_seq
        self._kept_at, self._kept_seq, self._has_changed = self._timer(), counted, False
        for seq in (self._behind, self._spilled):
            counted = counted if seq is None else min(counted, seq)
        return msgspec.msgpack.encode(BacklogNote(counted_seq=counted, waiting=[*self._waits]))

    def _remember(self, note: bytes) -> None:
        """The note before goes on saying what is true, only less of it, when this one fails."""
        with suppress(LogUnavailable):
            self._log.remember(note)


def _decoded(note: bytes) -> BacklogNote | None:
    try:
        return msgspec.msgpack.decode(note, type=BacklogNote)
    except msgspec.DecodeError:
        return None
