"""What the service needs of the customer's shared memory beyond reading it: reserve, answer once,
take note.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

import numpy as np

from feature_repo.contact_layout import Entries
from service.domain.contact_policy import NO_CAPS, CapChecks


@dataclass(frozen=True)
class StoredAnswer:
    """The answer a request id is to have from now on; `slot` names principal and request id,
    `body` is the digest of what was asked.
    """

    slot: bytes
    body: bytes
    content: bytes


@dataclass(frozen=True)
class Reservation:
    """What one decision hands out: `entries` are DECISION entries in the order of the slate, all
    at `at` (business seconds).

    `must_exist` = the bank knows the customer, so that a missing history is a lost one: what a cap
    binds is then refused as `UNREACHABLE`. A stranger's first reservation begins her history.
    """

    customer_id: str
    at: float
    entries: Entries
    caps: CapChecks
    keep_seconds: float
    """How far back any cap or cooldown looks; older entries may be forgotten."""
    answer: StoredAnswer | None = None
    must_exist: bool = True


class CommitStatus(StrEnum):
    """How a commit ended; `CAPPED` and `UNREACHABLE` reserved nothing that counts."""

    COMMITTED = "committed"
    ANSWERED = "answered"
    CONFLICT = "conflict"
    CAPPED = "capped"
    UNREACHABLE = "unreachable"


class CommitResult(NamedTuple):
    """`content` is the stored answer when another request with the same id was first; `capped` the
    places in `Reservation.entries` that no longer fit.
    """

    status: CommitStatus
    content: bytes = b""
    capped: tuple[int, ...] = ()


class NoteStatus(StrEnum):
    """What became of an entry to note; an overrun was counted although a cap was full."""

    NOTED = "noted"
    OVERRUN = "overrun"
    DUPLICATE = "duplicate"
    UNREACHABLE = "unreachable"


class ContactStore(Protocol):
    """One customer's contact history and answers, atomically changed."""

    async def commit(self, reservation: Reservation, *, within_seconds: float) -> CommitResult:
        """One round trip: answer stored already, or caps re-checked, reserved, answer stored;
        never raises for a broken store.
        """

    async def release(self, reservation: Reservation, *, within_seconds: float) -> None:
        """Take back what a commit reserved and stored; best effort."""

    async def note(
        self,
        customer_id: str,
        entry: np.void,
        *,
        keep_seconds: float,
        within_seconds: float,
        caps: CapChecks = NO_CAPS,
    ) -> NoteStatus:
        """Append one outcome unless the same (decision, offer, event) stands there already; with
        `caps`, say whether an impression came although one was full.

        A history that is missing is not begun: that would make it read as complete.
        """
