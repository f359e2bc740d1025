"""The vocabulary of a decision. Row *i* is offer *i* in every array; stages read one `Situation`
and do no I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Protocol

from service.domain.columns import Floats, Mask
from service.domain.decision import Decision, Rung
from service.domain.situation import Situation
from service.domain.treatment import Treatment


class Tier(StrEnum):
    """What kind of gate a rule is."""

    CONSENT = "consent"
    ELIGIBILITY = "eligibility"
    APPLICABILITY = "applicability"
    SUITABILITY = "suitability"
    CONTACT_POLICY = "contact_policy"


class OnMissing(StrEnum):
    """What a rule says when the fact it needs is unknown."""

    DENY = "deny"
    ALLOW = "allow"


@dataclass(frozen=True)
class Explanation:
    """Why a rule permits or denies one offer; `possible_from` is None when no date can be told."""

    permitted: bool
    seen: str
    needed: str
    possible_from: datetime | None = None


class Source(Protocol):
    """Which offers might suit? Failing, it contributes nothing."""

    name: ClassVar[str]

    def proposes(self, situation: Situation) -> Mask:
        """True for every offer worth considering."""


class Rule(Protocol):
    """May we make this offer, here, now? Failing, it denies everything."""

    code: ClassVar[str]
    tier: ClassVar[Tier]
    owner: ClassVar[str]
    legal_basis: ClassVar[str]
    text: ClassVar[Mapping[str, str]]
    on_missing: ClassVar[OnMissing]

    def permits(self, situation: Situation) -> Mask:
        """True where the offer is permitted; a missing fact follows `on_missing`."""

    def explain(self, situation: Situation, row: int) -> Explanation:
        """The same verdict for one offer in words: value seen, value needed, next possible date."""


class Scorer(Protocol):
    """How likely? Failing, the next scorer in the declared order answers."""

    name: ClassVar[str]
    rung: ClassVar[Rung]
    gives_propensity: ClassVar[bool]

    def applies(self, situation: Situation) -> bool:
        """Whether this scorer has what it needs."""

    def scores(self, situation: Situation, permitted: Mask) -> Floats:
        """float64 per offer, NaN where not permitted; a probability, or a bare order."""


class Adjustment(Protocol):
    """What tempers or steers the score? Failing, it is the identity."""

    name: ClassVar[str]

    def factors(self, situation: Situation) -> Floats:
        """One bounded multiplier per offer."""


class Selector(Protocol):
    """Which few, in what order? Failing, nobody gets an offer."""

    name: ClassVar[str]

    def select(
        self, situation: Situation, permitted: Mask, priority: Floats
    ) -> tuple[tuple[int, ...], ...]:
        """Rows per asked placement, best first, no row twice."""


class Channel(Protocol):
    """How is it said? Failing, the offer is left out."""

    names: ClassVar[tuple[str, ...]]

    def say(self, situation: Situation, row: int) -> Treatment | None:
        """The offer in the words of this channel and locale; None where nobody wrote any."""


class Sink(Protocol):
    """Who else must be told? Failing, it is counted and never delays an answer."""

    name: ClassVar[str]

    def receive(self, situation: Situation, decision: Decision) -> None:
        """Take note of a finished decision."""
