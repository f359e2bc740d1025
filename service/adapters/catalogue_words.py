"""Are the offers' words complete, and does what needs a disclosure have one everywhere?"""

from __future__ import annotations

from collections.abc import Iterator

from service.adapters.catalogue_format import (
    OfferEntry,
    OffersFile,
    PolicyFile,
    TreatmentEntry,
    TreatmentsFile,
)
from service.adapters.complaints import Place
from service.domain.catalogue import PREFERRED_FALLBACK
from service.domain.condition_parser import closest

Complaints = Iterator[tuple[Place, str]]


def complaints_about_treatments(
    treatments: TreatmentsFile, offers: OffersFile, policy: PolicyFile
) -> Complaints:
    """Treatments of nothing, twice, without what the law wants beside the offer, or missing in a
    locale the bank uses; one has to be used.
    """
    known = {offer.id: offer for offer in offers.offers}
    seen: set[tuple[str, str, str]] = set()
    for row, entry in enumerate(treatments.treatments):
        place: Place = ("treatments", row)
        said = f"offer {entry.offer}"
        if entry.offer not in known:
            hint = closest(entry.offer, known)
            yield (*place, "offer"), f"{said} is not in offers.yaml ({hint}): correct or remove it"
        elif needs_disclosure(known[entry.offer], policy) and entry.disclosure is None:
            where = f"{entry.locale}, {entry.channel or 'every channel'}"
            yield place, f"{said}: its treatment for {where} has no disclosure: write it"
        if entry.channel is not None and entry.channel not in policy.channels:
            hint = closest(entry.channel, policy.channels)
            yield (
                (*place, "channel"),
                f"{said}: channel {entry.channel} is not in policy.yaml: {hint}",
            )
        key = _key(entry)
        if key in seen:
            yield place, f"{said}: two treatments for {key[1]}, {key[2]}: remove one"
        seen.add(key)
    yield from _missing(treatments.treatments, offers.offers)


def needs_disclosure(offer: OfferEntry, policy: PolicyFile) -> bool:
    """Whether the offer, its group or its issue says so."""
    declared = policy.disclosures
    return (
        offer.requires_disclosure
        or offer.group in declared.groups
        or offer.issue in declared.issues
    )


def _missing(written: list[TreatmentEntry], offers: list[OfferEntry]) -> Complaints:
    present = set(map(_key, written))
    for locale in sorted({entry.locale for entry in written}) or [PREFERRED_FALLBACK]:
        for offer in offers:
            if (offer.id, locale, "*") in present:
                continue
            silent = [name for name in offer.channels if (offer.id, locale, name) not in present]
            if silent:
                yield (
                    (),
                    f"offer {offer.id}: no {locale} treatment in {', '.join(silent)}: write it",
                )


def _key(entry: TreatmentEntry) -> tuple[str, str, str]:
    return entry.offer, entry.locale, entry.channel or "*"
