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
from service.use_cases.decision_records import DecisionRecord

MOST_AHEAD = timedelta(minutes=5)
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
UNKNOWN_DECISION = "no such decision is on record yet: it is looked for again for 30 days"
LOST_CATALOGUE = "the catalogue of that decision cannot be read: it is tried again for 30 days"
OTHER_CONTENT = "this event_id was used for another outcome: choose a new one"
NOT_HERS = "that decision is not for the customer of this token"


@dataclass(frozen=True)
class OutcomeResult:
    """The answer to one outcome; `detail` says what is wrong, or is empty."""

    event_id: str
    status: OutcomeStatus
    detail: str = ""


class OutcomeRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One outcome as the log keeps it; without a `customer_id` its decision was unknown."""

    format: int = 1
    status: str
    principal: str
    customer_id: str | None
    outcome: Outcome
    entry: bytes | None
    """What the customer's contact history holds of it."""


def complaint_about(outcome: Outcome) -> str:
    """What makes an outcome invalid by itself; empty when nothing does."""
    if outcome.occurred_at > outcome.received_at + MOST_AHEAD:
        return "occurred_at lies more than five minutes in the future"
    if outcome.reason is not None and outcome.outcome is not OutcomeKind.REJECT:
        return "reason goes with reject only"
    if (outcome.until is None) is (outcome.outcome is OutcomeKind.LATER):
        return "until goes with later, and later with until"
    if outcome.until is not None and outcome.until <= outcome.occurred_at:
        return "until is not after occurred_at"
    return ""


def event_key(subject: str, event_id: str) -> bytes:
    """How the log finds an outcome by its event id; every reporter numbers its own events."""
    named = msgspec.json.encode(("outcome", subject, event_id))
    return hashlib.blake2b(named, digest_size=KEY_BYTES).digest()


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
