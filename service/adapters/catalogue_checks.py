"""What one file cannot know about itself: do offers, policy and treatments fit together?"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from feature_repo.contract import CHANNELS
from service.adapters.catalogue_format import (
    OfferEntry,
    OffersFile,
    PolicyFile,
    TreatmentEntry,
    TreatmentsFile,
)
from service.domain.catalogue import PREFERRED_FALLBACK
from service.domain.consent import Purpose

T = TypeVar("T")
OUTBOUND_PURPOSES = (Purpose.OUTBOUND, Purpose.THIRD_PARTY)


def complaints_about_policy(policy: PolicyFile) -> Iterator[str]:
    """Everything wrong with policy.yaml by itself, with its cure."""
    try:
        ZoneInfo(policy.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        yield f"time_zone {policy.time_zone} is unknown: use an IANA name such as Europe/Madrid"
    for name, channel in policy.channels.items():
        if name not in CHANNELS:
            yield f"channel {name} is unknown: known are {', '.join(CHANNELS)}"
        if channel.direction == "outbound" and channel.purpose not in OUTBOUND_PURPOSES:
            yield (
                f"channel {name} is outbound, but asks for consent to {channel.purpose}:"
                " give it the purpose outbound or third_party"
            )
    for key in policy.consent:
        channel_name, _, purpose = key.rpartition("/")
        if purpose not in set(Purpose) or (channel_name and channel_name not in policy.channels):
            yield f"consent {key} is unknown: use <purpose> or <channel>/<purpose>"


def complaints_about_offers(offers: OffersFile, policy: PolicyFile) -> Iterator[str]:
    """Everything in offers.yaml that contradicts itself or the policy, with its cure."""
    for offer_id in _twice(offer.id for offer in offers.offers):
        yield f"offer {offer_id} stands twice: give one of them another id"
    for offer in offers.offers:
        for complaint in _about_offer(offer, policy):
            yield f"offer {offer.id}: {complaint}"


def complaints_about_groups(offers: OffersFile, policy: PolicyFile) -> Iterator[str]:
    """Policy rows that steer a group no offer belongs to."""
    groups = {offer.group for offer in offers.offers}
    steered = [*policy.levers.groups, *(weight.group for weight in policy.context_weights)]
    for group in sorted(set(steered) - groups):
        yield f"group {group} has no offer: known are {', '.join(sorted(groups))}"


def complaints_about_treatments(
    treatments: TreatmentsFile, offers: OffersFile, policy: PolicyFile
) -> Iterator[str]:
    """Treatments of nothing, twice, or missing in a locale the bank uses; one has to be used."""
    written = treatments.treatments
    known = {offer.id for offer in offers.offers}
    for entry in written:
        if entry.offer not in known:
            yield f"offer {entry.offer} is not in offers.yaml: correct the id or remove the entry"
        if entry.channel is not None and entry.channel not in policy.channels:
            yield f"offer {entry.offer}: channel {entry.channel} is not in policy.yaml: correct it"
    for offer, locale, channel in _twice(map(_place, written)):
        yield f"offer {offer}: two treatments for {locale}, {channel}: remove one"
    yield from _missing_words(written, offers.offers)


def complaints_about_products(offers: OffersFile, vocabulary: tuple[str, ...]) -> Iterator[str]:
    """Offers of products whose holding nobody can know, which no rule could therefore withhold."""
    for offer in offers.offers:
        if offer.product_id not in vocabulary and not offer.repeatable:
            yield (
                f"offer {offer.id}: product {offer.product_id} is not among the bank's products:"
                " correct product_id, or mark a service `repeatable: true`"
            )


def _about_offer(offer: OfferEntry, policy: PolicyFile) -> Iterator[str]:
    if not (math.isfinite(offer.value) and math.isfinite(offer.lever)):
        yield "value and lever must be finite numbers: correct them"
    if offer.valid_from and offer.valid_until and offer.valid_from >= offer.valid_until:
        yield "valid_from is not before valid_until: correct one of them"
    unknown = [name for name in offer.channels if name not in policy.channels]
    if unknown:
        yield f"channel {', '.join(unknown)} is not in policy.yaml: add it there or remove it here"
    elif offer.placements is not None:
        yield from _about_placements(offer.channels, offer.placements, policy)


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


def _missing_words(written: list[TreatmentEntry], offers: list[OfferEntry]) -> Iterator[str]:
    present = set(map(_place, written))
    for locale in sorted({entry.locale for entry in written}) or [PREFERRED_FALLBACK]:
        for offer in offers:
            if (offer.id, locale, "*") in present:
                continue
            silent = [name for name in offer.channels if (offer.id, locale, name) not in present]
            if silent:
                yield f"offer {offer.id}: no {locale} treatment in {', '.join(silent)}: write it"


def _place(entry: TreatmentEntry) -> tuple[str, str, str]:
    return entry.offer, entry.locale, entry.channel or "*"


def _twice(names: Iterable[T]) -> list[T]:
    return [name for name, count in Counter(names).items() if count > 1]
