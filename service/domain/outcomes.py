"""What a customer did with an offer, as every channel reports it (SEMANTICS: feedback)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class OutcomeKind(StrEnum):
    """What happened; `presented` is an impression an agent reports."""

    PRESENTED = "presented"
    IMPRESSION = "impression"
    CLICK = "click"
    ACCEPT = "accept"
    REJECT = "reject"
    DISMISS = "dismiss"
    LATER = "later"
    APPLICATION = "application"
    OPENED = "opened"
    OPTED_OUT = "opted_out"
    COMPLAINT = "complaint"


class RejectReason(StrEnum):
    """Why she rejected."""

    NOT_INTERESTED = "not_interested"
    HAS_ELSEWHERE = "has_elsewhere"
    TOO_EXPENSIVE = "too_expensive"
    BAD_TIME = "bad_time"
    PREFERS_BRANCH = "prefers_branch"
    COMPLAINT = "complaint"
    OTHER = "other"


@dataclass(frozen=True)
class Outcome:
    """One reported outcome; times are wall-clock instants with offset."""

    event_id: str
    decision_id: str
    offer_id: str
    outcome: OutcomeKind
    occurred_at: datetime
    received_at: datetime
    channel: str
    reason: RejectReason | None = None
    until: datetime | None = None
