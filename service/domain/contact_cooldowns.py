"""What a customer's own answers keep back for a while, in one situation."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from feature_repo.contact_layout import ContactEvent, Entries, placement_key, what_was_said
from service.domain.columns import Floats, Mask
from service.domain.contact_plan import FIELDS, NEVER, channel_code
from service.domain.contact_policy import Cooldown, Scope
from service.domain.once import once

if TYPE_CHECKING:
    from service.domain.situation import Situation


@dataclass(frozen=True)
class Rest:
    """The answer that keeps a name back longest: what she said, of which offer, when, and until
    when it counts.
    """

    scope: Scope
    name: int
    offer: int
    outcome: str
    at: float
    until: float


class Cooling:
    """Which offers wait in one situation; a history nobody could read keeps back all marketing: it
    may hold a date the customer named, which binds without any cooldown.
    """

    def __init__(self, situation: Situation) -> None:
        self._situation = situation
        self._plan = situation.contact_plan
        policy = situation.catalogue.policy.contact
        self._cooldowns, self._kept_back_seconds = policy.cooldowns, policy.kept_back_seconds

    @property
    def is_unknown(self) -> bool:
        """Whether nobody knows what the customer answered."""
        return self._situation.customer.contacts is None

    @once
    def until(self) -> Floats:
        """Per offer the epoch second it waits for; −inf when it does not, inf when nobody knows."""
        marketing = self._plan.is_marketing
        if not (self.is_unknown or self._rests):
            return self._plan.never
        until = np.full(len(marketing), math.inf if self.is_unknown else NEVER)
        for rest in self._rests.values():
            np.maximum(until, rest.until, out=until, where=self._rows(rest))
        if self._closed:
            np.maximum(until, self._wait_for_a_place(), out=until)
        until[~marketing] = NEVER
        return until

    @property
    def closed_places(self) -> frozenset[str]:
        """Asked placements in which no marketing may stand."""
        return frozenset(self._closed)

    def rest(self, row: int) -> Rest | None:
        """The answer this offer waits for longest; None when it does not wait."""
        waited = float(self.until[row])
        waits = [rest for rest in self._rests.values() if rest.until == waited]
        everywhere = [rest for rest in waits if self._rows(rest)[row]]
        of_a_place = [rest for rest in waits if rest.scope is Scope.PLACEMENT]
        return next(iter(everywhere + of_a_place), None)

    def words(self, row: int, rest: Rest) -> str:
        """What she answered about which offer, and what of this one that keeps back."""
        names, catalogue = self._plan.names, self._situation.catalogue
        about = np.flatnonzero(names.offers.keys == rest.offer)
        offer = names.offers.names[about[0]] if len(about) else "an offer no longer made"
        since = datetime.fromtimestamp(rest.at, UTC).isoformat(timespec="seconds")
        kept_back = {
            Scope.OFFER: "this offer",
            Scope.GROUP: f"its group {catalogue.groups[row]}",
            Scope.PRODUCT_LINE: f"its product line {names.lines.names[row]}",
            Scope.CHANNEL: f"all marketing in {self._plan.channel}",
            Scope.PLACEMENT: "all marketing in its placement",
            Scope.ALL: "all marketing",
        }
        return f"{rest.outcome} of {offer} at {since}, keeps back {kept_back[rest.scope]}"

    @once
    def _rests(self) -> dict[tuple[Scope, int], Rest]:
        """Per name the answer that counts longest."""
        rests: dict[tuple[Scope, int], Rest] = {}
        for scope, entries, until in self._answers():
            for entry, name, ends in zip(entries, _names(scope, entries), until, strict=True):
                known = rests.get((scope, name))
                if known is None or known.until < ends:
                    said = ContactEvent(entry["event"]).name.lower()
                    about, at = int(entry["offer"]), float(entry["at"])
                    rests[scope, name] = Rest(scope, name, about, said, at, ends)
        return rests

    def _answers(self) -> Iterator[tuple[Scope, Entries, list[float]]]:
        """Per cooldown the answers that still count and how long; then the dates she named."""
        contacts, now = self._situation.customer.contacts, self._situation.as_of_seconds
        if contacts is None or not len(contacts):
            return
        last = contacts["at"] + self._kept_back_seconds.take(what_was_said(contacts))
        (places,) = (np.fmax(last, contacts["until"]) > now).nonzero()
        if not len(places):
            return
        entries = contacts.take(places)
        # Whoever opts out in reply to a service message has opted out.
        opted_out = entries["event"] == ContactEvent.OPTED_OUT.value
        entries = _those(entries, (entries["is_marketing"] != 0) | opted_out)
        for cooldown in self._cooldowns:
            said = _those(entries, _is_meant(cooldown, entries))
            until = said["at"] + cooldown.duration.total_seconds()
            yield cooldown.scope, _those(said, until > now), until[until > now].tolist()
        later = (entries["event"] == ContactEvent.LATER.value) & (entries["until"] > now)
        yield Scope.OFFER, _those(entries, later), entries["until"][later].tolist()

    @once
    def _closed(self) -> dict[str, float]:
        """Asked placements in which no marketing may stand, and until when."""
        if not self._rests:
            return {}
        channel, closed = self._situation.ask.channel, {}
        for placement in self._situation.ask.placements:
            rest = self._rests.get((Scope.PLACEMENT, placement_key(channel, placement.id)))
            if rest is not None:
                closed[placement.id] = rest.until
        return closed

    def _rows(self, rest: Rest) -> Mask:
        """True per offer the answer keeps back in every place."""
        names, count = self._plan.names, len(self._plan.is_marketing)
        columns = {
            Scope.OFFER: names.offers,
            Scope.GROUP: names.groups,
            Scope.PRODUCT_LINE: names.lines,
        }
        if rest.scope in columns:
            same: Mask = columns[rest.scope].keys == rest.name
            return same
        is_here = rest.scope is Scope.CHANNEL and rest.name == channel_code(self._plan.channel)
        return np.full(count, rest.scope is Scope.ALL or is_here)

    def _wait_for_a_place(self) -> Floats:
        """Per offer the first instant one asked place that carries it is open."""
        situation = self._situation
        opens = np.full(len(self._plan.is_marketing), math.inf)
        for placement in situation.ask.placements:
            here = situation.catalogue.in_placement[f"{situation.ask.channel}/{placement.id}"]
            np.minimum(opens, self._closed.get(placement.id, NEVER), out=opens, where=here)
        return np.where(np.isinf(opens), NEVER, opens)


def _those(entries: Entries, mask: Mask) -> Entries:
    """The entries the mask is true for; indexing with it would copy them field by field."""
    return entries.take(mask.nonzero()[0])


def _is_meant(cooldown: Cooldown, entries: Entries) -> Mask:
    meant: Mask = entries["event"] == cooldown.event.value
    if cooldown.said_because is not None:
        meant &= entries["reason"] == cooldown.said_because.value
    return meant


def _names(scope: Scope, entries: Entries) -> list[int]:
    if scope is Scope.CHANNEL:
        codes: list[int] = entries["channel"].tolist()
        return codes
    field = FIELDS.get(scope)
    names: list[int] = [0] * len(entries) if field is None else entries[field].tolist()
    return names
