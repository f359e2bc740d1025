"""Hand-written stand-ins for the shared memory, the event log and the kill switches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
import numpy as np

from service.domain.catalogue import Catalogue
from service.domain.contact_policy import NO_CAPS, CapChecks
from service.domain.kill_switches import KillState
from service.errors import LogUnavailable, RecordDamaged
from service.ports import (
    CommitResult,
    CommitStatus,
    CustomerRecord,
    LogRecord,
    NoteStatus,
    OwnPlace,
    RawReplies,
    RecordKind,
    Reservation,
    Versions,
)
from service.use_cases.edition import Edition
from service.use_cases.set_kill_switch import KillRecord


@dataclass
class FakeContacts:
    """Ends commits as it is told, then with success; keeps what it was asked."""

    ends: list[CommitResult] = field(default_factory=list)
    note_ends: list[NoteStatus] = field(default_factory=list)
    commits: list[Reservation] = field(default_factory=list)
    released: list[Reservation] = field(default_factory=list)
    noted: list[tuple[str, np.void]] = field(default_factory=list)
    noted_caps: list[CapChecks] = field(default_factory=list)
    takes_seconds: float = 0.0
    most_at_once: int = 0
    _at_once: int = 0

    async def commit(self, reservation: Reservation, *, within_seconds: float) -> CommitResult:
        """The next end."""
        self.commits.append(reservation)
        return self.ends.pop(0) if self.ends else CommitResult(CommitStatus.COMMITTED)

    async def release(self, reservation: Reservation, *, within_seconds: float) -> None:
        """Keep it."""
        self.released.append(reservation)

    async def note(
        self,
        customer_id: str,
        entry: np.void,
        *,
        keep_seconds: float,
        within_seconds: float,
        caps: CapChecks = NO_CAPS,
    ) -> NoteStatus:
        """The next end; a duplicate is told from what was noted before."""
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        await asyncio.sleep(self.takes_seconds)
        self._at_once -= 1
        if self.note_ends:
            return self.note_ends.pop(0)
        what = [entry[name] for name in ("decision", "offer", "event")]
        known = [[old[name] for name in ("decision", "offer", "event")] for _, old in self.noted]
        if what in known:
            return NoteStatus.DUPLICATE
        self.noted.append((customer_id, entry))
        self.noted_caps.append(caps)
        return NoteStatus.NOTED


@dataclass
class MemoryLog:
    """An event log that forgets when the test ends; full, it takes nothing. Its first
    `looks_before` searches come too early; with a `damage` every search meets it.
    """

    records: list[LogRecord] = field(default_factory=list)
    is_full: bool = False
    settled: int = 0
    looks_before: int = 0
    damage: RecordDamaged | None = None
    note: bytes = b""
    reads_behind: int = -1

    def append(self, kind: RecordKind, payload: bytes, *, key: bytes = b"") -> None:
        """Keep it."""
        if self.is_full:
            raise LogUnavailable("the log is full")
        self.records.append(LogRecord("w0", len(self.records), kind, key, payload))

    async def settle(self) -> None:
        """Count how much is durable."""
        if self.is_full:
            raise LogUnavailable("the log is full")
        self.settled = len(self.records)

    @property
    def durable_seq(self) -> int:
        """The last that is durable."""
        return self.settled

    def own_places(self, *, after: int, since: datetime | None = None) -> Iterator[OwnPlace]:
        """All behind it; nobody knows how old."""
        for seq, record in enumerate(self.records[after:], after + 1):
            yield OwnPlace(seq, record.kind, record.key)
        self.reads_behind = after

    def recall(self) -> bytes:
        """The note."""
        return self.note

    def remember(self, note: bytes) -> None:
        """Keep it."""
        if self.is_full:
            raise LogUnavailable("the log is full")
        self.note = note

    def find(self, key: bytes) -> LogRecord | None:
        """The newest."""
        if self.damage is not None:
            raise self.damage
        if self.looks_before:
            self.looks_before -= 1
            return None
        return next((it for it in reversed(self.records) if it.key == key), None)

    @property
    def kill_records(self) -> list[KillRecord]:
        """What was recorded of switches."""
        kept = [it for it in self.records if it.kind is RecordKind.KILL_SWITCH]
        return [msgspec.json.decode(it.payload or b"", type=KillRecord) for it in kept]


@dataclass(frozen=True)
class OneEdition:
    """Knows no edition but one."""

    edition: Edition

    async def open(self, versions: Versions) -> Edition:
        """It."""
        return self.edition

    async def catalogue(self, versions: Versions) -> Catalogue:
        """Its catalogue."""
        return self.edition.catalogue


@dataclass(frozen=True)
class FixedDecoder:
    """For records whose raw values nobody kept: everybody is the same."""

    customer: CustomerRecord

    def record(self, customer_id: str, raw: RawReplies) -> CustomerRecord:
        """The one customer."""
        return self.customer


class MemoryKillSwitches:
    """Switches that forget."""

    def __init__(self) -> None:
        self._state = KillState()

    def read(self) -> KillState:
        """What is stopped."""
        return self._state

    def change(self, edit: Callable[[KillState], KillState]) -> KillState:
        """Replace it."""
        self._state = edit(self._state)
        return self._state
