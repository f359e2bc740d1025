"""What is written down of an outcome, how it is found again, and what makes one invalid."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import msgspec
import numpy as np

from feature_repo.contact_layout import ENTRY, ContactEvent, decision_key, placement_key
from service.domain.catalogue import Catalogue
from service.domain.contact_plan import channel_code
from service.domain.contact_reservation import offer_keys
from service.domain.outcomes import Outcome, OutcomeKind
from service.domain.principal import Principal, PrincipalKind
from service.use_cases.decision_records import DecisionRecord

MOST_AHEAD = timedelta(minutes=5)
OLDEST = timedelta(days=400)
"""As far as histories go back; what is older counts nowhere."""
LATEST_UNTIL = timedelta(days=1_826)
CLOCKS_DIFFER = timedelta(seconds=30)
"""As much as between whoever grants a call and whoever reports what was said at its end."""
KEY_BYTES = 16


class OutcomeStatus(StrEnum):
    """What became of a reported outcome."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"
    REJECTED = "rejected"


ACCEPTED, DUPLICATE = OutcomeStatus.ACCEPTED, OutcomeStatus.DUPLICATE
QUARANTINED, REJECTED = OutcomeStatus.QUARANTINED, OutcomeStatus.REJECTED
NOT_OFFERED = "that decision did not make this offer"
NO_CALL = "no call that the token grants was going on at occurred_at"
BEFORE_DECISION = "occurred_at lies before the decision: set the clock it comes from"
UNKNOWN_DECISION = "no such decision is on record yet: it is looked for again for 30 days"
LOST_CATALOGUE = "the catalogue of that decision cannot be read: it is tried again for 30 days"
OTHER_CONTENT = "this event_id was used for another outcome: choose a new one"


@dataclass(frozen=True)
class OutcomeResult:
    """The answer to one outcome; `detail` says what is wrong, or is empty."""

    event_id: str
    status: OutcomeStatus
    detail: str = ""


@dataclass(frozen=True)
class Reporter:
    """Who reports, and on whose decisions: only these customers', None = everybody's; `bound_to`
    is the one customer the token is for, where it is for one.
    """

    subject: str
    customers: tuple[str, ...] | None = None
    bound_to: str | None = None

    @classmethod
    def of(cls, principal: Principal, outcome: Outcome) -> Reporter:
        """What a principal may report on, so that it can still be told after a restart: what was
        hers to see when it happened, for an agent writes down after a call what was said in it.
        """
        received = outcome.received_at
        at = max(min(outcome.occurred_at, received), received - OLDEST) - CLOCKS_DIFFER
        if principal.customer_id is not None:
            named = [principal.customer_id]
        elif principal.kind is PrincipalKind.AGENT:
            named = sorted({call.customer_id for call in principal.calls})
        else:
            return cls(principal.subject)
        seen = tuple(name for name in named if principal.may_see(name, now=at))
        return cls(principal.subject, seen, principal.customer_id)

    @property
    def is_in_calls(self) -> bool:
        """Whether it is calls that let this reporter see anybody."""
        return self.customers is not None and self.bound_to is None

    @property
    def complaint(self) -> str:
        """Why nothing can be reported now; empty where something can."""
        return NO_CALL if self.is_in_calls and not self.customers else ""

    def may_see(self, customer_id: str) -> bool:
        """Whether a decision for this customer exists for this reporter."""
        return self.customers is None or customer_id in self.customers


class OutcomeRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One outcome as the log keeps it; without a `customer_id` its decision was unknown."""

    format: int = 1
    status: str
    principal: str
    customer_id: str | None
    outcome: Outcome
    entry: bytes | None
    """What the customer's contact history holds of it."""
    customers: tuple[str, ...] | None = None
    """Whose decisions the principal could report on; None = everybody's."""
    bound_to: str | None = None
    """The customer the principal's token was for; None = for none, or written before this was."""
    time_zone: str | None = None
    """The customer's, as it was read for the decision; kept with what a cap may count."""

    @property
    def reporter(self) -> Reporter:
        """Who reported it."""
        return Reporter(self.principal, self.customers, self.bound_to)

    def tells_the_same(self, outcome: Outcome) -> bool:
        """Whether another report under this event id is the same again."""
        return _about(self.outcome) == _about(outcome)


def complaint_about(outcome: Outcome) -> str:
    """What makes an outcome invalid by itself; empty when nothing does."""
    if outcome.reason is not None and outcome.outcome is not OutcomeKind.REJECT:
        return "reason goes with reject only"
    is_later = outcome.outcome is OutcomeKind.LATER
    if is_later and outcome.until is None:
        return "later needs until: send the date she named"
    if outcome.until is not None and not is_later:
        return "until goes with later only: leave it out"
    return _complaint_about_instants(outcome)


def _complaint_about_instants(outcome: Outcome) -> str:
    """Only what lies between these bounds can be reckoned with and written down."""
    occurred, received, until = outcome.occurred_at, outcome.received_at, outcome.until
    if occurred < received - OLDEST:
        return f"occurred_at lies more than {OLDEST.days} days in the past"
    if occurred > received + MOST_AHEAD:
        return "occurred_at lies more than five minutes in the future"
    if until is not None and until <= occurred:
        return "until is not after occurred_at"
    if until is not None and until > received + LATEST_UNTIL:
        return "until lies more than five years in the future"
    return ""


def _about(outcome: Outcome) -> tuple[str, str, str]:
    return outcome.decision_id, outcome.offer_id, outcome.outcome


def event_key(reporter: Reporter, event_id: str) -> bytes:
    """How the log finds an outcome by its event id; every reporter numbers its own events, and so
    does every customer of an app whose tokens share one subject.
    """
    names = ["outcome", reporter.subject, event_id]
    if reporter.bound_to is not None:
        names.append(reporter.bound_to)
    return hashlib.blake2b(msgspec.json.encode(names), digest_size=KEY_BYTES).digest()


def decided_entry(
    catalogue: Catalogue, record: DecisionRecord, offer_id: str, placement_id: str
) -> np.void:
    """The history's entry of an offer that a recorded decision handed out."""
    row, channel = catalogue.row_of[offer_id], record.inputs.channel
    entry: np.void = np.zeros(1, dtype=ENTRY)[0]
    entry["at"] = record.inputs.as_of.timestamp()
    entry["decision"] = decision_key(record.decision_id)
    entry["offer"], entry["group"], entry["line"] = offer_keys(catalogue, row)
    entry["placement"] = placement_key(channel, placement_id)
    entry["channel"], entry["event"] = channel_code(channel), ContactEvent.DECISION
    entry["is_marketing"] = catalogue.is_marketing[row]
    return entry
