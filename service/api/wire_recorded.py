"""What is told of decisions on record."""

from __future__ import annotations

from msgspec import Struct

from service.api.wire import Instant, Reason, VersionsAnswer
from service.domain.decision import NoOfferReason, Rung
from service.use_cases.explain_decision import Outranked


class RecordedOffer(Struct, frozen=True, kw_only=True):
    """One offer that was made; numbers are null for whom they are not meant."""

    rank: int
    offer_id: str
    propensity: float | None
    value: float | None
    context_weight: float | None
    lever: float | None
    priority: float | None
    reasons: list[Reason]


class RecordedPlacement(Struct, frozen=True):
    """What one placement got."""

    id: str
    no_offer_reason: NoOfferReason | None
    offers: list[RecordedOffer]


class RecordedVerdict(Struct, frozen=True, kw_only=True):
    """One offer of the catalogue as this decision judged it."""

    offer_id: str
    proposed: bool
    permitted: bool
    denied_by: list[str]
    propensity: float | None
    priority: float | None


class RecordedAgent(Struct, frozen=True):
    """The agent a decision was made for, and the call."""

    agent_id: str
    call_id: str | None


class RecordedDecision(Struct, frozen=True, kw_only=True):
    """One decision as it stands on record; `verdicts` is null for whom it is not meant."""

    decision_id: str
    request_id: str
    at: Instant
    as_of: Instant
    channel: str
    locale: str
    context: dict[str, str]
    principal: str | None
    on_behalf_of: RecordedAgent | None
    arm: str
    served_from: Rung
    degraded_reasons: list[str]
    versions: VersionsAnswer
    placements: list[RecordedPlacement]
    verdicts: list[RecordedVerdict] | None


class DenialAnswer(Struct, frozen=True, kw_only=True):
    """One rule against an offer: the value seen, the value needed, and when it could permit."""

    code: str
    tier: str
    owner: str
    legal_basis: str
    text: str
    seen: str
    needed: str
    possible_from: Instant | None


class WhyNotAnswer(Struct, frozen=True, kw_only=True):
    """Why an offer was not made: the first rule and all rules against it, or what outranked it."""

    decision_id: str
    offer_id: str
    as_of: Instant
    was_offered: bool
    first_rule: str | None
    rules: list[DenialAnswer]
    possible_from: Instant | None
    outranked: Outranked | None
    priority: float | None
    lowest_shown_priority: float | None


class DifferenceAnswer(Struct, frozen=True, kw_only=True):
    """One thing that came out otherwise than recorded."""

    what: str
    offer_id: str | None
    recorded: str
    decided: str


class ReplayAnswer(Struct, frozen=True):
    """Whether the recorded inputs still lead to what was recorded, and where they do not."""

    decision_id: str
    equal: bool
    differences: list[DifferenceAnswer]
    versions: VersionsAnswer
