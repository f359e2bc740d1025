"""What goes over the wire: requests that refuse unknown fields, and answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from feature_repo.feature import CHANNELS
from service.domain.catalogue import Lane
from service.domain.decision import NoOfferReason, Rung

Id = Annotated[str, Meta(min_length=1, max_length=128)]
Word = Annotated[str, Meta(min_length=1, max_length=64)]
# Documented as the closed set it is, but not refused here: the refusal names the bank's own ones.
Channel = Annotated[str, Meta(min_length=1, max_length=64, extra_json_schema={"enum": CHANNELS})]
Instant = Annotated[datetime, Meta(tz=True)]
Reference = Annotated[str, Meta(extra_json_schema={"format": "uri-reference"})]


class PlacementRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """One place to fill; without `limit` the channel's own limit applies."""

    id: Word
    limit: Annotated[int, Meta(ge=1, le=20)] | None = None


class ContextRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """What is known about the moment."""

    trigger: Word | None = None
    intent: Word | None = None
    device: Word | None = None


class OnBehalfOf(Struct, frozen=True, forbid_unknown_fields=True):
    """The agent who asks, and the call it is for."""

    agent_id: Id
    call_id: Id | None = None


class DecisionRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which offers, in what order, for this customer, in this channel, now?"""

    customer_id: Id
    channel: Channel
    placements: Annotated[list[PlacementRequest], Meta(min_length=1, max_length=10)] | None = None
    context: ContextRequest | None = None
    locale: Word = "zh-CN"
    on_behalf_of: OnBehalfOf | None = None
    mode: Literal["live", "dry_run"] = "live"
    explain: bool = False
    request_id: Id | None = None


class CallToActionAnswer(Struct, frozen=True):
    """What the customer can press."""

    label: str
    deep_link: str


class TreatmentAnswer(Struct, frozen=True):
    """The offer in words; `talk_track` is for agents."""

    locale: str
    title: str
    body: str
    call_to_action: CallToActionAnswer | None
    image_url: str | None
    disclosure: str | None
    talk_track: str | None


class Reason(Struct, frozen=True):
    """Why this offer won, as a code and in words."""

    code: str
    text: str


class OfferAnswer(Struct, frozen=True, kw_only=True):
    """One offer; priority = propensity × context_weight × value × lever, null where not known or
    not meant for whoever asked.
    """

    rank: int
    offer_id: str
    offer_version: int
    product_id: str
    treatment: TreatmentAnswer
    tracking_token: str
    propensity: float | None
    value: float | None
    context_weight: float | None
    lever: float | None
    priority: float | None
    selection_probability: float | None
    reasons: list[Reason]


class PlacementAnswer(Struct, frozen=True):
    """The offers of one placement, best first; without any, `no_offer_reason` says why."""

    id: str
    no_offer_reason: NoOfferReason | None
    offers: list[OfferAnswer]


class WithheldOffer(Struct, frozen=True):
    """An offer that was not made: the first and all rules against it, and the first one's text."""

    offer_id: str
    first_rule: str
    rules: list[str]
    text: str


class VersionsAnswer(Struct, frozen=True):
    """What the decision was made under; `model` is null when no bundle is in use."""

    model: str | None
    catalogue: str
    policy: str
    contract: str


class DecisionAnswer(Struct, frozen=True, kw_only=True):
    """The decision; `withheld` is null unless an explanation or an agent asked for it."""

    decision_id: str
    request_id: str
    served_from: Rung
    degraded_reasons: list[str]
    arm: str
    placements: list[PlacementAnswer]
    withheld: list[WithheldOffer] | None
    versions: VersionsAnswer
    expires_at: Instant


class RejectReasonInWords(Struct, frozen=True):
    """A reason a customer may give for saying no, by locale."""

    code: str
    text: dict[str, str]


class CatalogueOffer(Struct, frozen=True, kw_only=True):
    """One offer as the catalogue holds it."""

    offer_id: str
    offer_version: int
    product_id: str
    group: str
    value: float | None
    lever: float | None
    channels: list[Channel]
    lane: Lane
    killed: bool
    title: dict[str, str]


class CatalogueAnswer(Struct, frozen=True, kw_only=True):
    """All offers in business order, the placements of every channel, and the reject reasons."""

    catalogue: str
    policy: str
    currency: str
    channels: dict[str, dict[str, int]]
    offers: list[CatalogueOffer]
    reject_reasons: list[RejectReasonInWords]


class ModelAnswer(Struct, frozen=True):
    """One bundle of this installation."""

    model: str
    champion: bool
    in_use: bool


class ModelsAnswer(Struct, frozen=True):
    """All bundles, oldest first."""

    models: list[ModelAnswer]


class CheckAnswer(Struct, frozen=True):
    """One thing that must hold before traffic may come."""

    name: str
    passed: bool
    detail: str


class LiveAnswer(Struct, frozen=True):
    """The process answers."""

    status: Literal["live"] = "live"


class ReadyAnswer(Struct, frozen=True):
    """Everything is warm."""

    checks: list[CheckAnswer]
    status: Literal["ready"] = "ready"


class Fault(Struct, frozen=True):
    """What is wrong with one entry of a batch; `pointer` is the JSON pointer of its first fault."""

    pointer: str
    detail: str


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 9457 problem details; `pointer` is the JSON pointer of the field at fault."""

    type: Reference
    title: str
    status: int
    detail: str
    pointer: str | None = None
    errors: list[Fault] | None = None
    checks: list[CheckAnswer] | None = None
