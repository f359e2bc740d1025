"""The record of everything that was decided and heard: append-only, chained, durable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class RecordKind(StrEnum):
    """What a record is about."""

    DECISION = "decision"
    OUTCOME = "outcome"
    KILL_SWITCH = "kill_switch"
    CATALOGUE = "catalogue"
    MODEL = "model"
    IMPORT = "import"
    ERASURE = "erasure"
    """The payloads of a key were erased: without it, an erased record counts as damaged."""


def kind_key(kind: RecordKind) -> bytes:
    """The key that all catalogue, model and import records have: by it their newest is found."""
    return kind.encode().ljust(16, b"\0")


@dataclass(frozen=True)
class LogRecord:
    """One record as it was written; `payload` is None when it was erased."""

    writer: str
    seq: int
    kind: RecordKind
    key: bytes
    payload: bytes | None


@dataclass(frozen=True)
class OwnPlace:
    """Where a record stands in this worker's own chain."""

    seq: int
    kind: RecordKind
    key: bytes


class EventLog(Protocol):
    """One worker's pen, and every worker's book. A worker can go through its own chain again, and
    leave a note beside it for whoever continues the chain.
    """

    def append(self, kind: RecordKind, payload: bytes, *, key: bytes = b"") -> None:
        """One write into this worker's segment; durable within 50 ms. `key` (16 bytes: the ULID
        of a decision) makes it findable. Raises `LogUnavailable`.
        """

    async def settle(self) -> None:
        """Return once everything appended so far is on disk and anchored. Raises
        `LogUnavailable`.
        """

    def find(self, key: bytes) -> LogRecord | None:
        """The newest record with this key, of any writer; None when there is none. Raises
        `RecordDamaged` when it is no longer what was written.
        """

    @property
    def durable_seq(self) -> int:
        """The last record of the own chain that is on disk for good; 0 = none."""

    def own_places(self, *, after: int, since: datetime | None = None) -> Iterator[OwnPlace]:
        """The own records behind `after` (and, about, not older than `since`), in order; those that
        come meanwhile may be left out. Blocks.
        """

    def recall(self) -> bytes:
        """The last note kept, by whichever worker continued this chain; empty when there is none
        or it cannot be read. Blocks.
        """

    def remember(self, note: bytes) -> None:
        """Replace the note, at once or not at all. Blocks; raises `LogUnavailable`."""
