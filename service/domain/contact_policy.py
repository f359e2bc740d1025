"""How often a customer may be spoken to, as data: caps, cooldowns and quiet hours (SEMANTICS:
contact policy).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

import numpy as np

from feature_repo.contact_layout import ContactEvent, ContactReason, said_number
from service.domain.columns import Floats

PRESENTED = "presented"
"""An impression under the name an agent reports it by."""


class Scope(StrEnum):
    """What a cap or a cooldown counts together; `ALL` is all marketing."""

    OFFER = "offer"
    GROUP = "group"
    PRODUCT_LINE = "product_line"
    CHANNEL = "channel"
    PLACEMENT = "placement"
    ALL = "all"


class Counted(StrEnum):
    """Which event a cap counts; `outcome` is any answer of the customer's."""

    DECISION = "decision"
    IMPRESSION = "impression"
    CLICK = "click"
    OUTCOME = "outcome"


class CalendarWindow(StrEnum):
    """A window that begins with the customer's own day, ISO week or month."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


LONGEST_SECONDS = {
    CalendarWindow.DAY: 2 * 86_400.0,
    CalendarWindow.WEEK: 8 * 86_400.0,
    CalendarWindow.MONTH: 32 * 86_400.0,
}
"""No window of the kind is longer, whatever the clocks did in it."""


@dataclass(frozen=True)
class Cap:
    """At most `limit` counted events per name of the scope within the window; `only` restricts it
    to these names (empty = every).
    """

    id: str
    scope: Scope
    counts: Counted
    window: timedelta | CalendarWindow
    limit: int
    only: frozenset[str] = frozenset()

    def binds_place(self, name: str) -> bool:
        """Whether a placement cap binds the place `<channel>/<placement>`; `only` may leave out the
        channel.
        """
        return not self.only or name in self.only or name.partition("/")[2] in self.only


class CapTerm(NamedTuple):
    """One cap as the shared memory checks it in any situation: at most `limit` counted entries of a
    name; `only` holds the names as histories do, empty = every name.
    """

    scope: Scope
    counts: Counted
    limit: int
    only: frozenset[int] = frozenset()


@dataclass(frozen=True, eq=False)
class CapTerms:
    """All caps of a bank; equal to itself alone, so that what is packed of it is found at once."""

    terms: tuple[CapTerm, ...] = ()

    @cached_property
    def counts_decisions(self) -> bool:
        """Whether what was handed out counts even after it can no longer be seen."""
        return any(term.counts is Counted.DECISION for term in self.terms)


class CapChecks(NamedTuple):
    """The caps of one situation: `starts` is float64[terms], the business second each of them
    counts from, included.
    """

    terms: CapTerms
    starts: Floats


NO_CAPS = CapChecks(CapTerms(), np.empty(0))


@dataclass(frozen=True)
class Cooldown:
    """After this outcome (and, if given, this reason) nothing of the same scope for so long."""

    outcome: str
    reason: str | None
    scope: Scope
    duration: timedelta

    @cached_property
    def event(self) -> ContactEvent:
        """What a history calls the outcome."""
        name = "impression" if self.outcome == PRESENTED else self.outcome
        return ContactEvent[name.upper()]

    @cached_property
    def said_because(self) -> ContactReason | None:
        """What a history calls the reason; None = any."""
        return None if self.reason is None else ContactReason[self.reason.upper()]


@dataclass(frozen=True)
class QuietHours:
    """Local hours in which no outbound channel speaks; they may pass midnight."""

    begins: time
    ends: time


@dataclass(frozen=True)
class ContactPolicy:
    """All of it; "later" needs no cooldown, the customer names the date."""

    caps: tuple[Cap, ...] = ()
    cooldowns: tuple[Cooldown, ...] = ()
    quiet_hours: QuietHours | None = None

    @cached_property
    def longest_seconds(self) -> float:
        """How far back any of its rules looks for what does not say itself how long it is kept."""
        windows = (
            w.total_seconds() if isinstance(w, timedelta) else LONGEST_SECONDS[w]
            for w in (cap.window for cap in self.caps)
        )
        # An opt-out says itself how long it is kept, so that all the rest need not be.
        answers = (it for it in self.cooldowns if it.event is not ContactEvent.OPTED_OUT)
        durations = (cooldown.duration.total_seconds() for cooldown in answers)
        return max([0.0, *windows, *durations])

    @cached_property
    def kept_back_seconds(self) -> Floats:
        """float64 by `said_number`: how long any cooldown keeps something back after it; −inf = not
        at all.
        """
        longest = np.full(said_number(0, 256), -math.inf)
        for cooldown in self.cooldowns:
            because = range(256) if cooldown.said_because is None else (cooldown.said_because,)
            said = [said_number(cooldown.event, reason) for reason in because]
            longest[said] = np.maximum(longest[said], cooldown.duration.total_seconds())
        return longest


UNLIMITED = ContactPolicy()
