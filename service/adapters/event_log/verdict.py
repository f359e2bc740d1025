"""What a look at the whole log found."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from service.ports.event_log import RecordKind


class ChainStatus(StrEnum):
    """`torn`: the last record was never finished, and never acknowledged; nothing else is wrong."""

    INTACT = "intact"
    TORN = "torn"
    DAMAGED = "damaged"


@dataclass
class WriterVerdict:
    """One writer's chain as far as it is right; `bad_seq` is the first record that is not."""

    writer: str
    status: ChainStatus = ChainStatus.INTACT
    records: int = 0
    erased: int = 0
    segments: int = 0
    anchored_seq: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    kinds: dict[RecordKind, int] = field(default_factory=dict)
    bad_seq: int | None = None
    problem: str = ""

    def fail(self, seq: int, problem: str, status: ChainStatus = ChainStatus.DAMAGED) -> None:
        """Name the first bad record."""
        self.status, self.bad_seq, self.problem = status, seq, problem


@dataclass(frozen=True)
class LogVerdict:
    """Every writer's verdict."""

    writers: tuple[WriterVerdict, ...]

    @property
    def kinds(self) -> dict[RecordKind, int]:
        """How many records of each kind there are, as far as they are right."""
        counts = {kind: sum(one.kinds.get(kind, 0) for one in self.writers) for kind in RecordKind}
        return {kind: count for kind, count in counts.items() if count}

    @property
    def damaged(self) -> tuple[WriterVerdict, ...]:
        """The writers whose records are not what was written."""
        return tuple(one for one in self.writers if one.status is ChainStatus.DAMAGED)
