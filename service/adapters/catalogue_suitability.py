"""Do an offer's lane, ratings, advice and investor classes make sense together?"""

from __future__ import annotations

from collections.abc import Iterator

from service.adapters.catalogue_format import OfferEntry, PolicyFile

Fault = tuple[str, str]
"""The field, and what is wrong with it."""


def faults_of_lane(offer: OfferEntry) -> Iterator[Fault]:
    """What goes uncounted before marketing must be no marketing."""
    if offer.lane == "marketing":
        return
    if offer.issue != "serve":
        yield (
            "lane",
            (
                f"lane {offer.lane} is for issue serve, not {offer.issue}: no cap counts it, so"
                " it may not sell; use lane marketing"
            ),
        )
    selling = {
        "issuer_rating": offer.issuer_rating,
        "own_rating": offer.own_rating,
        "investor_classes": offer.investor_classes,
        "advice": offer.advice == "advised",
        "lever": offer.lever != 1.0,
    }
    for field, value in selling.items():
        if value:
            yield field, f"lane {offer.lane} sells nothing: remove {field}, or use lane marketing"


def faults_of_suitability(offer: OfferEntry, policy: PolicyFile) -> Iterator[Fault]:
    """An investment is rated; what needs advice is made where somebody advises."""
    if offer.issuer_rating is None and offer.own_rating is None:
        yield from _faults_of_unrated(offer, policy)
    if len(set(offer.investor_classes)) < len(offer.investor_classes):
        yield "investor_classes", "names an investor class twice: remove one"
    known = [policy.channels[name] for name in offer.channels if name in policy.channels]
    if offer.advice == "advised" and known and not any(channel.advises for channel in known):
        yield (
            "advice",
            (
                "needs advice, but none of its channels advises: add one that does, such as branch,"
                " or set `advises: true` there"
            ),
        )


def _faults_of_unrated(offer: OfferEntry, policy: PolicyFile) -> Iterator[Fault]:
    """What nobody rated counts as free of risk: that may not come from a forgotten line."""
    rated = policy.suitability.rated
    needing: list[tuple[str, str]] = []
    if offer.issue in rated.issues:
        needing.append(("issue", offer.issue))
    if offer.group in rated.groups:
        needing.append(("group", offer.group))
    for kind, name in needing:
        yield (
            "issuer_rating",
            (
                f"{kind} {name} is rated (policy.yaml, suitability), but it has no rating: give it"
                f" issuer_rating or own_rating, or another {kind}"
            ),
        )
    if offer.investor_classes:
        yield (
            "investor_classes",
            "is only for some investors, but has no rating: give it issuer_rating or own_rating",
        )
