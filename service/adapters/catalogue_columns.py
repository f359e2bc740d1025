"""Offers, policy and treatments as the columns of the domain's catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from service.adapters.catalogue_conditions import INVESTOR_CLASSES, declared_conditions
from service.adapters.catalogue_contact import contact_policy
from service.adapters.catalogue_format import (
    OfferEntry,
    OffersFile,
    PolicyFile,
    TreatmentEntry,
    TreatmentsFile,
)
from service.domain.catalogue import (
    PREFERRED_FALLBACK,
    Catalogue,
    ChannelPolicy,
    Lane,
    Policy,
)
from service.domain.columns import Floats, Mask
from service.domain.consent import Purpose
from service.domain.context_weights import ContextWeight
from service.domain.treatment import CallToAction, Treatment

LOWEST_LEVER, HIGHEST_LEVER = 0.5, 2.0


def compile_catalogue(
    offers: OffersFile,
    policy: PolicyFile,
    treatments: TreatmentsFile,
    *,
    version: str,
    policy_version: str,
) -> Catalogue:
    """One row per offer in the file's order; the files have been checked against each other."""
    rows = offers.offers
    in_channel = {name: _mask([name in o.channels for o in rows]) for name in policy.channels}
    return Catalogue(
        version=version,
        currency=offers.currency,
        offer_ids=tuple(offer.id for offer in rows),
        offer_versions=tuple(offer.version for offer in rows),
        product_ids=tuple(offer.product_id for offer in rows),
        groups=tuple(offer.group for offer in rows),
        product_lines=tuple(offer.product_line or offer.group for offer in rows),
        lanes=tuple(Lane(offer.lane) for offer in rows),
        values=np.array([offer.value for offer in rows], dtype=np.float64),
        levers=_levers(rows, policy),
        minimum_age=_numbers([offer.minimum_age for offer in rows], unknown=np.nan),
        valid_from=_instants([offer.valid_from for offer in rows], unbounded=-np.inf),
        valid_until=_instants([offer.valid_until for offer in rows], unbounded=np.inf),
        repeatable=_mask([offer.repeatable for offer in rows]),
        killed=_mask([offer.killed for offer in rows]),
        risk_rating=_numbers([_rating(offer) for offer in rows], unknown=np.nan),
        advice_only=_mask([offer.advice == "advised" for offer in rows]),
        investor_classes={
            name: _mask([not o.investor_classes or name in o.investor_classes for o in rows])
            for name in INVESTOR_CLASSES
        },
        open_to_vulnerable=_mask([offer.open_to_vulnerable for offer in rows]),
        eligibility=declared_conditions(rows, policy, "eligibility"),
        applicability=declared_conditions(rows, policy, "applicability"),
        extra_purposes={
            purpose: _mask([offer.purpose is purpose for offer in rows])
            for purpose in Purpose
            if any(offer.purpose is purpose for offer in rows)
        },
        in_channel=in_channel,
        in_placement={
            f"{name}/{placement}": in_channel[name] & _mask([_carries(o, placement) for o in rows])
            for name, channel in policy.channels.items()
            for placement in channel.placements
        },
        treatments={_key(entry): _treatment(entry) for entry in treatments.treatments},
        fallback_locale=_fallback_locale(treatments),
        policy=_policy(policy, version=policy_version),
    )


def _policy(entry: PolicyFile, *, version: str) -> Policy:
    return Policy(
        version=version,
        time_zone=entry.time_zone,
        channels={
            name: ChannelPolicy(
                channel.purpose,
                channel.direction == "outbound",
                channel.placements,
                channel.advises,
            )
            for name, channel in entry.channels.items()
        },
        consent_modes={
            key if "/" in key else f"*/{key}": mode for key, mode in entry.consent.items()
        },
        context_weights=tuple(
            ContextWeight(row.trigger, row.intent, row.group, row.weight)
            for row in entry.context_weights
        ),
        max_per_group=entry.diversity.max_per_group,
        contact=contact_policy(entry.contact),
        suitability_valid_days=entry.suitability.valid_days,
    )


def _levers(rows: list[OfferEntry], policy: PolicyFile) -> Floats:
    issues, groups = policy.levers.issues, policy.levers.groups
    product = [o.lever * issues.get(o.issue, 1.0) * groups.get(o.group, 1.0) for o in rows]
    return np.clip(np.array(product, dtype=np.float64), LOWEST_LEVER, HIGHEST_LEVER)


def _rating(offer: OfferEntry) -> int | None:
    """The stricter of the two ratings; None when the product carries no investment risk."""
    given = [it for it in (offer.issuer_rating, offer.own_rating) if it is not None]
    return max(given, default=None)


def _carries(offer: OfferEntry, placement: str) -> bool:
    return offer.placements is None or placement in offer.placements


def _fallback_locale(treatments: TreatmentsFile) -> str:
    """English where it is written, else the first locale; every written one is complete."""
    written = [entry.locale for entry in treatments.treatments]
    return PREFERRED_FALLBACK if PREFERRED_FALLBACK in written else written[0]


def _key(entry: TreatmentEntry) -> tuple[str, str, str]:
    return entry.offer, entry.locale, entry.channel or "*"


def _treatment(entry: TreatmentEntry) -> Treatment:
    action = entry.call_to_action
    return Treatment(
        locale=entry.locale,
        title=entry.title,
        body=entry.body,
        call_to_action=CallToAction(action.label, action.deep_link) if action else None,
        image_url=entry.image_url,
        disclosure=entry.disclosure,
        talk_track=entry.talk_track,
    )


def _mask(flags: Sequence[bool]) -> Mask:
    return np.array(flags, dtype=np.bool_)


def _numbers(values: Sequence[int | None], *, unknown: float) -> Floats:
    return np.array([unknown if value is None else value for value in values], dtype=np.float64)


def _instants(values: Sequence[datetime | None], *, unbounded: float) -> Floats:
    seconds = [unbounded if value is None else value.timestamp() for value in values]
    return np.array(seconds, dtype=np.float64)
