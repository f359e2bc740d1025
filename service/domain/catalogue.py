"""The bank's offers as columns and its policy as data: row *i* is offer *i* in every array."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np

from service.domain.columns import Codes, Floats, Mask
from service.domain.condition_program import ConditionProgram
from service.domain.conditions import Conditions
from service.domain.consent import ConsentMode, Purpose, consent_keys
from service.domain.contact_names import ContactNames, NameColumn
from service.domain.contact_plan import ContactPlan, only_keys
from service.domain.contact_policy import CapTerm, CapTerms, ContactPolicy
from service.domain.context_weights import ContextFactors, ContextWeight
from service.domain.treatment import Treatment

PREFERRED_FALLBACK = "en"
"""The locale for customers whose own nobody wrote, wherever the bank wrote this one."""


class Lane(StrEnum):
    """Why an offer is said at all; the first two go before marketing and no cap counts them."""

    MANDATORY = "mandatory"
    SERVICE = "service"
    MARKETING = "marketing"


@dataclass(frozen=True)
class ChannelPolicy:
    """What the bank decided for one channel; `placements` maps a placement to its default limit."""

    purpose: Purpose
    outbound: bool
    placements: Mapping[str, int]
    advises: bool = False
    """Whether a person who may advise speaks here."""


@dataclass(frozen=True)
class Policy:
    """The bank's policy beside its offers; `consent_modes` is keyed `<channel or *>/<purpose>`."""

    version: str
    time_zone: str
    channels: Mapping[str, ChannelPolicy]
    consent_modes: Mapping[str, ConsentMode]
    context_weights: tuple[ContextWeight, ...]
    max_per_group: int
    contact: ContactPolicy
    suitability_valid_days: int
    """Days after which a risk assessment no longer counts."""

    def consent_mode(self, channel: str, purpose: Purpose) -> ConsentMode:
        """The declared default of a purpose in a channel; a purpose nobody declared is opt-in."""
        own, everywhere = consent_keys(channel, purpose)
        return self.consent_modes.get(own) or self.consent_modes.get(everywhere, ConsentMode.OPT_IN)


@dataclass(frozen=True)
class Catalogue:
    """Every offer of the bank, as columns of one length *n* in fixed business order.

    `risk_rating` = the higher of the issuer's and the bank's own (NaN = none needed);
    `investor_classes` is keyed by class and True where the offer is open to it; `minimum_age` in
    years (NaN = no condition); validity in epoch seconds (±inf = unbounded);
    `levers` = issue × group × offer lever, clipped to [0.5, 2]; `in_placement` is keyed
    `<channel>/<placement>`; every offer has words in `fallback_locale`.
    """

    version: str
    currency: str
    offer_ids: tuple[str, ...]
    offer_versions: tuple[int, ...]
    product_ids: tuple[str, ...]
    groups: tuple[str, ...]
    product_lines: tuple[str, ...]
    lanes: tuple[Lane, ...]
    values: Floats
    levers: Floats
    minimum_age: Floats
    valid_from: Floats
    valid_until: Floats
    repeatable: Mask
    killed: Mask
    risk_rating: Floats
    advice_only: Mask
    investor_classes: Mapping[str, Mask]
    open_to_vulnerable: Mask
    eligibility: Conditions
    applicability: Conditions
    extra_purposes: Mapping[Purpose, Mask]
    in_channel: Mapping[str, Mask]
    in_placement: Mapping[str, Mask]
    treatments: Mapping[tuple[str, str, str], Treatment]
    fallback_locale: str
    policy: Policy

    def __len__(self) -> int:
        return len(self.offer_ids)

    @cached_property
    def _rows_by_group(self) -> Mapping[str, Codes]:
        groups = np.array(self.groups, dtype=object)
        return {group: np.flatnonzero(groups == group) for group in set(self.groups)}

    @cached_property
    def locales(self) -> tuple[str, ...]:
        """The locales somebody wrote words in, each once, in the order of the files."""
        return tuple(dict.fromkeys(locale for _, locale, _ in self.treatments))

    @cached_property
    def is_marketing(self) -> Mask:
        """True where the offer is advertising: what the bank owes or does for her is not."""
        return np.array([lane is Lane.MARKETING for lane in self.lanes])

    @cached_property
    def shape(self) -> tuple[int]:
        """The shape of every column."""
        return (len(self),)

    @cached_property
    def unrestricted(self) -> Mask:
        """True where the offer is open to every investor class."""
        everybody: Mask = np.logical_and.reduce(list(self.investor_classes.values()))
        return everybody

    @cached_property
    def everything(self) -> Mask:
        """True for every offer; nobody may write into it."""
        mask = np.ones(len(self), dtype=np.bool_)
        mask.flags.writeable = False
        return mask

    @cached_property
    def identity(self) -> Floats:
        """The factor one for every offer; nobody may write into it."""
        factors = np.ones(len(self))
        factors.flags.writeable = False
        return factors

    @cached_property
    def condition_program(self) -> ConditionProgram:
        """Eligibility, then applicability, answered together."""
        return ConditionProgram(self.eligibility.declared, self.applicability.declared)

    @cached_property
    def cap_terms(self) -> CapTerms:
        """The bank's caps as the shared memory checks them in every situation."""
        channels = self.policy.channels
        places = [f"{name}/{place}" for name, own in channels.items() for place in own.placements]
        return CapTerms(
            tuple(
                CapTerm(cap.scope, cap.counts, cap.limit, only_keys(cap, places))
                for cap in self.policy.contact.caps
            )
        )

    @cached_property
    def contact_plans(self) -> Mapping[str, ContactPlan]:
        """By channel: the bank's caps over the offers, laid out for counting."""
        columns = map(NameColumn.of, (self.offer_ids, self.groups, self.product_lines))
        names, caps = ContactNames(*columns), self.policy.contact.caps
        return {
            name: ContactPlan(
                caps,
                names,
                NameColumn.of([f"{name}/{placement}" for placement in channel.placements]),
                name,
                self.is_marketing,
            )
            for name, channel in self.policy.channels.items()
        }

    @cached_property
    def context_factors(self) -> ContextFactors:
        """What the context table says of the offers."""
        return ContextFactors(self.policy.context_weights, self.groups)

    @cached_property
    def lane_order(self) -> Codes:
        """0 for mandatory, 1 for service, 2 for marketing: lower goes first."""
        return np.array([list(Lane).index(lane) for lane in self.lanes], dtype=np.intp)

    @property
    def zone(self) -> ZoneInfo:
        """The bank's own time zone."""
        return ZoneInfo(self.policy.time_zone)

    @cached_property
    def row_of(self) -> Mapping[str, int]:
        """The row of an offer id."""
        return {offer_id: row for row, offer_id in enumerate(self.offer_ids)}

    @cached_property
    def order_of_ties(self) -> Codes:
        """All rows by falling value, then rising offer id: how offers of one priority follow."""
        return np.lexsort((np.argsort(np.argsort(np.array(self.offer_ids))), -self.values))

    @cached_property
    def has_one_lane(self) -> bool:
        """Whether all offers stand in the same lane."""
        return len(set(self.lanes)) < 2

    def lay_out(self) -> None:
        """Make what would else be made at the first decisions, while all others wait."""
        _ = self.condition_program
        for plan in self.contact_plans.values():
            _ = plan.bindings

    def group_rows(self, group: str) -> Codes:
        """Rows of the offers in a group; none for a group nobody uses."""
        return self._rows_by_group.get(group, np.empty(0, dtype=np.intp))

    def treatment(self, row: int, *, locale: str, channel: str) -> Treatment | None:
        """The wording: asked locale, then the fallback; own channel, then `*`; None where nobody
        wrote one.
        """
        offer_id = self.offer_ids[row]
        for spoken in (locale, self.fallback_locale):
            for place in (channel, "*"):
                treatment = self.treatments.get((offer_id, spoken, place))
                if treatment is not None:
                    return treatment
        return None

    def product_codes(self, vocabulary: tuple[str, ...]) -> Codes:
        """Position of every offer's product in the vocabulary, −1 outside it."""
        position = {product: code for code, product in enumerate(vocabulary)}
        return np.array([position.get(product, -1) for product in self.product_ids], dtype=np.intp)
