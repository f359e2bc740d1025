"""What one file cannot know about itself: do offers, policy and treatments fit together?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from feature_repo.contact_layout import name_key, placement_key
from feature_repo.contract import CHANNELS
from service.adapters.catalogue_format import OfferEntry, OffersFile, PolicyFile
from service.adapters.catalogue_suitability import Fault, faults_of_lane, faults_of_suitability
from service.adapters.complaints import Place
from service.domain.condition_parser import closest
from service.domain.consent import Purpose
from service.domain.situation import zone_or_none

Complaints = Iterator[tuple[Place, str]]
OUTBOUND_PURPOSES = (Purpose.OUTBOUND, Purpose.THIRD_PARTY)
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""Instants beyond are none in every time zone."""


def complaints_about_policy(policy: PolicyFile) -> Complaints:
    """Everything wrong with policy.yaml by itself, with its cure."""
    if zone_or_none(policy.time_zone) is None:
        yield (
            ("time_zone",),
            f"time_zone {policy.time_zone} is unknown: use an IANA name such as Europe/Madrid",
        )
    for name, channel in policy.channels.items():
        if name not in CHANNELS:
            yield (
                ("channels", name),
                f"channel {name} is unknown: known are {', '.join(CHANNELS)}",
            )
        if channel.direction == "outbound" and channel.purpose not in OUTBOUND_PURPOSES:
            yield (
                ("channels", name, "purpose"),
                (
                    f"channel {name} is outbound, but asks for consent to {channel.purpose}:"
                    " give it the purpose outbound or third_party"
                ),
            )
    for key in policy.consent:
        channel_name, slash, purpose = key.rpartition("/")
        if purpose not in set(Purpose) or (slash and channel_name not in policy.channels):
            yield (
                ("consent", key),
                f"consent {key} is unknown: use <purpose> or <channel>/<purpose>",
            )
    yield from _about_context(policy)
    yield from _sharing_a_key(policy)


def complaints_about_offers(offers: OffersFile, policy: PolicyFile) -> Complaints:
    """Everything in offers.yaml that contradicts itself or the policy, with its cure."""
    known = {offer.id: row for row, offer in reversed(list(enumerate(offers.offers)))}
    for row, offer in enumerate(offers.offers):
        place: Place = ("offers", row)
        if known[offer.id] != row:
            yield (*place, "id"), f"offer {offer.id} stands twice: give one of them another id"
        for field, complaint in _faults_of(offer, policy):
            yield (*place, field), f"offer {offer.id}: {complaint}"
    columns = {
        "id": [offer.id for offer in offers.offers],
        "group": [offer.group for offer in offers.offers],
        "product_line": [offer.product_line or offer.group for offer in offers.offers],
    }
    for field, names in columns.items():
        for one, other in _same_key({name: name_key(name) for name in names}):
            yield ("offers", names.index(other), field), _shared(field, one, other)


def complaints_about_groups(offers: OffersFile, policy: PolicyFile) -> Complaints:
    """Policy rows about a group no offer belongs to."""
    groups = {offer.group for offer in offers.offers}
    named: list[tuple[Place, str]] = [
        *((("levers", "groups", name), name) for name in policy.levers.groups),
        *(
            (("context_weights", row, "group"), weight.group)
            for row, weight in enumerate(policy.context_weights)
        ),
        *((("conditions", "groups", name), name) for name in policy.conditions.groups),
        *(
            (("disclosures", "groups", row), name)
            for row, name in enumerate(policy.disclosures.groups)
        ),
        *(
            (("suitability", "rated", "groups", row), name)
            for row, name in enumerate(policy.suitability.rated.groups)
        ),
    ]
    for place, group in named:
        if group not in groups:
            yield place, f"group {group} has no offer: {closest(group, groups)}"


def complaints_about_products(offers: OffersFile, vocabulary: tuple[str, ...]) -> Complaints:
    """Offers of products whose holding nobody can know, which no rule could therefore withhold."""
    for row, offer in enumerate(offers.offers):
        if offer.product_id not in vocabulary and not offer.repeatable:
            yield (
                ("offers", row, "product_id"),
                (
                    f"offer {offer.id}: product {offer.product_id} is not among the bank's products"
                    f" ({closest(offer.product_id, vocabulary)}): correct product_id, or mark a"
                    " service `repeatable: true`"
                ),
            )


def _faults_of(offer: OfferEntry, policy: PolicyFile) -> Iterator[Fault]:
    yield from _faults_of_validity(offer)
    unknown = [name for name in offer.channels if name not in policy.channels]
    for name in unknown:
        yield (
            "channels",
            f"channel {name} is not in policy.yaml: {closest(name, policy.channels)}",
        )
    if not unknown and offer.placements is not None:
        for complaint in _about_placements(offer.channels, offer.placements, policy):
            yield "placements", complaint
    yield from faults_of_lane(offer)
    yield from faults_of_suitability(offer, policy)


def _faults_of_validity(offer: OfferEntry) -> Iterator[Fault]:
    for field in ("valid_from", "valid_until"):
        instant = getattr(offer, field)
        if instant is not None and not EARLIEST <= instant <= LATEST:
            yield (
                field,
                (
                    f"{field} must lie from {EARLIEST.isoformat()} to {LATEST.isoformat()}: correct"
                    " it, or leave it out for no bound"
                ),
            )
    if offer.valid_from and offer.valid_until and offer.valid_from >= offer.valid_until:
        yield "valid_from", "valid_from is not before valid_until: correct one of them"


def _about_placements(
    channels: list[str], placements: list[str], policy: PolicyFile
) -> Iterator[str]:
    existing = {name for channel in channels for name in policy.channels[channel].placements}
    for name in placements:
        if name not in existing:
            yield f"placement {name} is in none of its channels: known are {sorted(existing)}"
    for channel in channels:
        if not set(placements) & set(policy.channels[channel].placements):
            yield f"channel {channel} has none of its placements: add one or remove the channel"


def _about_context(policy: PolicyFile) -> Complaints:
    for row, weight in enumerate(policy.context_weights):
        if weight.trigger is None and weight.intent is None:
            yield (
                ("context_weights", row),
                (
                    f"a weight of group {weight.group} in any context is a lever: add trigger or"
                    " intent, or move it to levers"
                ),
            )


def _sharing_a_key(policy: PolicyFile) -> Complaints:
    """Two names of one key could not be told apart where contacts are counted."""
    places = {
        f"{name}/{placement}": placement_key(name, placement)
        for name, channel in policy.channels.items()
        for placement in channel.placements
    }
    for one, other in _same_key(places):
        channel, _, placement = other.partition("/")
        yield (
            ("channels", channel, "placements", placement),
            _shared("placement", one, other),
        )


def _same_key(keys: dict[str, int]) -> Iterator[tuple[str, str]]:
    first: dict[int, str] = {}
    for name, key in keys.items():
        if key in first:
            yield first[key], name
        first.setdefault(key, name)


def _shared(field: str, one: str, other: str) -> str:
    return (
        f"{field} {other} has the same 32-bit key as {one}, so that counts would mix them:"
        " rename one"
    )
