"""The format of offers.yaml, policy.yaml and treatments.yaml; unknown keys are refused."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from service.adapters.catalogue_scalars import (
    Factor,
    Instant,
    InvestorClass,
    Issue,
    Lane,
    Limit,
    Name,
    Place,
    Rating,
    Span,
    Text,
    TimeOfDay,
    Version,
    Window,
    Worth,
)
from service.domain.consent import ConsentMode, Purpose


class ApplicabilityEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """When an offer makes sense, and what follows where that cannot be told."""

    when: Text
    on_missing: Literal["deny", "allow"] = "deny"


class OfferEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One offer; without `placements` it may appear in every placement of its channels."""

    id: Name
    version: Version
    product_id: Name
    group: Name
    issue: Issue
    value: Worth
    channels: Annotated[list[Name], Meta(min_length=1)]
    placements: Annotated[list[Name], Meta(min_length=1)] | None = None
    lever: Factor = 1.0
    valid_from: Instant | None = None
    valid_until: Instant | None = None
    minimum_age: Annotated[int, Meta(ge=0, le=120)] | None = None
    repeatable: bool = False
    purpose: Purpose | None = None
    killed: bool = False
    lane: Lane = "marketing"
    product_line: Name | None = None
    issuer_rating: Rating | None = None
    own_rating: Rating | None = None
    advice: Literal["execution_only", "advised"] = "execution_only"
    investor_classes: Annotated[list[InvestorClass], Meta(min_length=1)] = []
    open_to_vulnerable: bool = True
    eligibility: Text | None = None
    applicability: Text | ApplicabilityEntry | None = None
    requires_disclosure: bool = False


class OffersFile(Struct, frozen=True, forbid_unknown_fields=True):
    """offers.yaml: the order of the offers is the bank's business order."""

    bank: Name
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z", description="of ISO 4217, such as EUR")]
    offers: Annotated[list[OfferEntry], Meta(min_length=1)]


class ChannelEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """One channel: why the bank speaks there, who begins, and each placement's default limit."""

    purpose: Purpose
    direction: Literal["inbound", "outbound"]
    placements: Annotated[dict[Name, Limit], Meta(min_length=1)]
    advises: bool = False


class RatedEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """Of which issues and groups every offer is an investment and needs a rating."""

    issues: list[Issue] = []
    groups: list[Name] = []


class SuitabilityEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """How long a risk assessment holds, in days, and what cannot be offered without a rating."""

    valid_days: Annotated[int, Meta(ge=1, le=10_000)] = 365
    rated: RatedEntry = RatedEntry()


class ConditionsEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """What every offer of an issue or a group asks beside its own conditions."""

    eligibility: Text | None = None
    applicability: Text | ApplicabilityEntry | None = None


class HierarchyEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """Conditions by issue and by group; all that concern an offer must hold."""

    issues: dict[Issue, ConditionsEntry] = {}
    groups: dict[Name, ConditionsEntry] = {}


class DisclosuresEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """Of which issues and groups every wording needs a disclosure."""

    issues: list[Issue] = []
    groups: list[Name] = []


class LeversEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """What the bank pushes (> 1) or brakes (< 1), by issue and by group."""

    issues: dict[Issue, Factor] = {}
    groups: dict[Name, Factor] = {}


class ContextWeightEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a trigger, an intent or both say about a group of offers."""

    group: Name
    weight: Factor
    trigger: Text | None = None
    intent: Text | None = None


class DiversityEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """How many offers of one group an answer may hold."""

    max_per_group: Annotated[int, Meta(ge=1, le=1_000)]


class CapEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """At most `limit` counted events of one scope in a window; `only` names those it concerns."""

    id: Name
    scope: Literal["offer", "group", "product_line", "channel", "placement", "all"]
    counts: Literal["decision", "impression", "click", "outcome"] = "impression"
    window: Window
    limit: Annotated[int, Meta(ge=1, le=10_000)]
    only: Annotated[list[Place], Meta(min_length=1)] = []


class CooldownEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Nothing of the same scope for so long after an outcome, and its reason if one is given."""

    outcome: Literal[
        "click", "accept", "reject", "dismiss", "application", "opened", "opted_out", "complaint"
    ]
    scope: Literal["offer", "group", "product_line", "channel", "placement", "all"]
    duration: Span
    reason: (
        Literal[
            "not_interested",
            "has_elsewhere",
            "too_expensive",
            "bad_time",
            "prefers_branch",
            "complaint",
            "other",
        ]
        | None
    ) = None


class QuietHoursEntry(
    Struct, frozen=True, forbid_unknown_fields=True, rename={"begins": "from", "ends": "until"}
):
    """Local hours in which no outbound channel speaks."""

    begins: TimeOfDay
    ends: TimeOfDay


class ContactEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """How often and when; without `cooldowns` those of the house hold."""

    caps: list[CapEntry] = []
    cooldowns: list[CooldownEntry] | None = None
    quiet_hours: QuietHoursEntry | None = None


class PolicyFile(Struct, frozen=True, forbid_unknown_fields=True):
    """policy.yaml: `consent` is keyed by purpose, or by channel/purpose where a channel differs."""

    time_zone: str
    channels: Annotated[dict[Name, ChannelEntry], Meta(min_length=1)]
    consent: dict[str, ConsentMode]
    diversity: DiversityEntry
    suitability: SuitabilityEntry = SuitabilityEntry()
    levers: LeversEntry = LeversEntry()
    context_weights: list[ContextWeightEntry] = []
    conditions: HierarchyEntry = HierarchyEntry()
    disclosures: DisclosuresEntry = DisclosuresEntry()
    contact: ContactEntry = ContactEntry()


class CallToActionEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """What the customer can press."""

    label: Text
    deep_link: Text


class TreatmentEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One offer's wording in one locale; without `channel` it serves every channel."""

    offer: Name
    locale: Name
    title: Text
    body: Text
    channel: Name | None = None
    call_to_action: CallToActionEntry | None = None
    image_url: Text | None = None
    disclosure: Text | None = None
    talk_track: Text | None = None


class TreatmentsFile(Struct, frozen=True, forbid_unknown_fields=True):
    """treatments.yaml: the words."""

    treatments: list[TreatmentEntry]
