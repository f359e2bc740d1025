"""Everything a stage may look at: the request, the customer, the catalogue and the instant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import NDArray

from service.domain.catalogue import Catalogue, ChannelPolicy
from service.domain.columns import Codes, Floats, Mask
from service.domain.consent import ConsentStatus, Purpose, allows
from service.domain.contact_cooldowns import Cooling
from service.domain.contact_counting import CapRoom
from service.domain.contact_plan import ContactPlan
from service.domain.customer import Customer
from service.domain.facts import SituationFacts
from service.domain.kill_switches import NOTHING_KILLED, KillSwitches, killed_rows
from service.domain.once import once


@dataclass(frozen=True)
class Placement:
    """A place on the channel's surface and how many offers it holds at most."""

    id: str
    limit: int


@dataclass(frozen=True)
class Ask:
    """What the caller asked for, without saying who the customer is."""

    channel: str
    placements: tuple[Placement, ...]
    locale: str
    trigger: str | None = None
    intent: str | None = None
    context: Mapping[str, str] = field(default_factory=dict)


class ConditionsMet(NamedTuple):
    """True per offer whose conditions of a kind all hold."""

    eligibility: Mask
    applicability: Mask


@dataclass(frozen=True)
class Situation:
    """One decision's immutable input; stages read it and do no I/O.

    `product_codes` is each offer's position in the product vocabulary (−1 = outside it);
    `vocabulary` is the place of every product of the bank; `refused` are rows whose reservation was
    refused when this decision was committed: no cap has room for them.
    """

    ask: Ask
    customer: Customer
    catalogue: Catalogue
    product_codes: Codes
    as_of: datetime
    kills: KillSwitches = NOTHING_KILLED
    vocabulary: Mapping[str, int] = field(default_factory=dict)
    refused: frozenset[int] = frozenset()

    @once
    def as_of_seconds(self) -> float:
        """`as_of` as seconds since 1970-01-01 UTC."""
        return self.as_of.timestamp()

    @once
    def as_of_days(self) -> NDArray[np.float64]:
        """`as_of` as fractional days since 1970-01-01 UTC, shape (1,)."""
        return np.array([self.as_of_seconds / 86_400.0])

    @once
    def local_date(self) -> date:
        """The day it is at the bank."""
        return self.as_of.astimezone(ZoneInfo(self.catalogue.policy.time_zone)).date()

    @once
    def local_zone(self) -> ZoneInfo:
        """The customer's own zone; the bank's when hers is unknown or no zone."""
        own = self.customer.profile.time_zone
        return zone_or_none(own) or ZoneInfo(self.catalogue.policy.time_zone)

    @once
    def killed(self) -> Mask:
        """True per offer that somebody stopped, here or everywhere."""
        return killed_rows(self.kills, self.catalogue, self.ask.channel)

    @once
    def contact_plan(self) -> ContactPlan:
        """The bank's caps over the offers, as they bind in this channel."""
        return self.catalogue.contact_plans[self.ask.channel]

    @once
    def cap_starts(self) -> Floats:
        """float64[caps]: the first instant every cap of the policy counts, in epoch seconds."""
        return self.contact_plan.windows.starts(self.as_of, self.local_zone)

    @once
    def cap_room(self) -> CapRoom:
        """What every cap leaves room for now."""
        return CapRoom(self)

    @once
    def cooling(self) -> Cooling:
        """What waits after an outcome."""
        return Cooling(self)

    @once
    def age(self) -> int | None:
        """Her completed years at the bank's day; None when her birth date is unknown."""
        return self.customer.age_on(self.local_date)

    @once
    def facts(self) -> SituationFacts:
        """What declared conditions may ask."""
        return SituationFacts(self, self.vocabulary)

    @once
    def meets(self) -> ConditionsMet:
        """Whose declared conditions the facts meet."""
        return ConditionsMet(*self.catalogue.condition_program.holds(self.facts))

    @property
    def channel(self) -> ChannelPolicy:
        """The bank's policy for the asked channel."""
        return self.catalogue.policy.channels[self.ask.channel]

    @once
    def is_personalised(self) -> bool:
        """Whether her profile may be read for ranking (GDPR art. 21, PIPL art. 24)."""
        return self.consents_to(Purpose.PERSONALISATION)

    @once
    def degraded_reasons(self) -> tuple[str, ...]:
        """Why less than everything was known or may be used."""
        objects = self.customer.consents is not None and not self.is_personalised
        return self.customer.degraded_reasons + (("personalisation_off",) if objects else ())

    def consent_status(self, purpose: Purpose) -> ConsentStatus:
        """The recorded status for this channel; `UNREADABLE` when the record could not be read."""
        if self.customer.consents is None:
            return ConsentStatus.UNREADABLE
        return self.customer.consents.status(self.ask.channel, purpose)

    def consents_to(self, purpose: Purpose) -> bool:
        """Whether the customer allows this purpose in this channel under the bank's default."""
        mode = self.catalogue.policy.consent_mode(self.ask.channel, purpose)
        return allows(self.consent_status(purpose), mode)


@lru_cache(maxsize=1024)
def zone_or_none(name: str | None) -> ZoneInfo | None:
    """The zone of an IANA name; None for anything else."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
