"""The conditions offers.yaml and policy.yaml declare: read, checked, and put together from issue to
offer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from feature_repo.contract import CHANNELS
from service.adapters.catalogue_format import (
    ApplicabilityEntry,
    OfferEntry,
    OffersFile,
    PolicyFile,
)
from service.adapters.complaints import Place
from service.domain.condition_parser import ConditionNames, parse_condition
from service.domain.condition_tree import ConditionInvalid
from service.domain.conditions import Conditions, DeclaredCondition
from service.domain.facts import NUMBER_NAMES, TEXT_NAMES

INVESTOR_CLASSES = ("retail", "professional", "institutional")
TEXT_VALUES = {
    "channel": CHANNELS,
    "preferred_channel": CHANNELS,
    "investor_class": INVESTOR_CLASSES,
}
KINDS = ("eligibility", "applicability")


@dataclass(frozen=True)
class WrittenCondition:
    """One condition as it stands in a file."""

    place: Place
    text: str
    denies_unknown: bool = True


def condition_names(products: Collection[str] | None) -> ConditionNames:
    """What conditions may ask at a bank with these products; None = any product."""
    return ConditionNames(NUMBER_NAMES, TEXT_NAMES, products, TEXT_VALUES)


def complaints_about_offer_conditions(
    offers: OffersFile, names: ConditionNames
) -> Iterator[tuple[Place, str]]:
    """Every condition of an offer that cannot be understood."""
    for row, offer in enumerate(offers.offers):
        for kind in KINDS:
            for written in _written(offer, kind, ("offers", row)):
                for complaint in _complaints(written, names):
                    yield written.place, f"offer {offer.id}: {kind}: {complaint}"


def complaints_about_shared_conditions(
    policy: PolicyFile, names: ConditionNames
) -> Iterator[tuple[Place, str]]:
    """Every condition of an issue or a group that cannot be understood."""
    shared = policy.conditions
    entries = [
        *((("issues", name), entry) for name, entry in shared.issues.items()),
        *((("groups", name), entry) for name, entry in shared.groups.items()),
    ]
    for (level, name), entry in entries:
        for kind in KINDS:
            for written in _written(entry, kind, ("conditions", level, name)):
                for complaint in _complaints(written, names):
                    yield written.place, f"{level[:-1]} {name}: {kind}: {complaint}"


def declared_conditions(rows: list[OfferEntry], policy: PolicyFile, kind: str) -> Conditions:
    """The eligibility or the applicability of every offer; all have been checked."""
    return Conditions([tuple(_declared(offer, policy, kind)) for offer in rows])


def _declared(offer: OfferEntry, policy: PolicyFile, kind: str) -> Iterator[DeclaredCondition]:
    shared = policy.conditions
    for entry in (shared.issues.get(offer.issue), shared.groups.get(offer.group), offer):
        for it in _written(entry, kind, ()) if entry is not None else ():
            tree = parse_condition(it.text, condition_names(None))
            yield DeclaredCondition(" ".join(it.text.split()), tree, it.denies_unknown)


def _written(entry: object, kind: str, place: Place) -> Iterator[WrittenCondition]:
    declared: str | ApplicabilityEntry | None = getattr(entry, kind)
    if isinstance(declared, ApplicabilityEntry):
        denies = declared.on_missing == "deny"
        yield WrittenCondition((*place, kind, "when"), declared.when, denies)
    elif declared is not None:
        yield WrittenCondition((*place, kind), declared)


def _complaints(written: WrittenCondition, names: ConditionNames) -> Iterator[str]:
    try:
        parse_condition(written.text, names)
    except ConditionInvalid as invalid:
        yield str(invalid)
