"""A folder of YAML files as the domain's catalogue: checked whole, or refused with the cure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

from service.adapters.catalogue_checks import (
    Complaints,
    complaints_about_groups,
    complaints_about_offers,
    complaints_about_policy,
    complaints_about_products,
)
from service.adapters.catalogue_columns import compile_catalogue
from service.adapters.catalogue_conditions import (
    complaints_about_offer_conditions,
    complaints_about_shared_conditions,
    condition_names,
)
from service.adapters.catalogue_contact import complaints_about_contact
from service.adapters.catalogue_format import OffersFile, PolicyFile, TreatmentsFile
from service.adapters.catalogue_source import OFFERS, POLICY, TREATMENTS, CatalogueSource
from service.adapters.catalogue_words import complaints_about_treatments
from service.adapters.complaints import Complaint, Place
from service.adapters.strict_yaml import YamlFile, YamlUnusable, read_yaml
from service.domain.catalogue import Catalogue
from service.errors import CatalogueInvalid

T = TypeVar("T")
Finds = Callable[[Place, str], Complaint]
"""Adds file and line to what is wrong at a place."""


class CheckedFiles(NamedTuple):
    """The catalogue, or everything that is wrong with it at once; what files must have in common is
    `is_checked_whole` only where each of them can be read.
    """

    catalogue: Catalogue | None
    complaints: tuple[Complaint, ...] = ()
    is_checked_whole: bool = True


class CatalogueFiles:
    """Reads `offers.yaml`, `policy.yaml` and `treatments.yaml` of one bank.

    With a `bank` the offers must be that bank's; with a `product_vocabulary` every offer that
    cannot be made twice must be for a product in it, and conditions may ask for no other; with a
    `currency` the values must be in it.
    """

    def __init__(
        self,
        folder: Path,
        *,
        bank: str | None = None,
        product_vocabulary: tuple[str, ...] | None = None,
        currency: str | None = None,
    ) -> None:
        self._folder, self._bank, self._vocabulary = folder, bank, product_vocabulary
        self._currency = currency

    def load(self) -> Catalogue:
        """The catalogue, versioned by its files' digest; `CatalogueInvalid` has one line for every
        complaint: file, line, offer and cure.
        """
        return self.compile(self.read())

    def read(self) -> CatalogueSource:
        """The bytes of the three files; `CatalogueInvalid` names the one that cannot be read."""
        return CatalogueSource.read(self._folder)

    def compile(self, source: CatalogueSource) -> Catalogue:
        """The catalogue these bytes describe; `CatalogueInvalid` as `load`."""
        catalogue, complaints, _ = self.check(source)
        if catalogue is None:
            raise CatalogueInvalid("\n".join(map(str, complaints)))
        return catalogue

    def check(self, source: CatalogueSource) -> CheckedFiles:
        """What these bytes describe, or what is wrong with them."""
        complaints: list[Complaint] = []
        offers = self._parse(source, OFFERS, OffersFile, complaints)
        policy = self._parse(source, POLICY, PolicyFile, complaints)
        words = self._parse(source, TREATMENTS, TreatmentsFile, complaints)
        if offers is None or policy is None or words is None:
            return CheckedFiles(None, tuple(complaints), is_checked_whole=False)
        complaints += self._complaints(offers, policy, words)
        if complaints:
            complaints.sort(key=lambda it: (it.file.name, it.line or 0))
            return CheckedFiles(None, tuple(complaints))
        catalogue = compile_catalogue(
            offers.content,
            policy.content,
            words.content,
            version=source.version,
            policy_version=source.policy_version,
        )
        catalogue.lay_out()  # here, for a catalogue is read beside the loop
        return CheckedFiles(catalogue)

    def _parse(
        self, source: CatalogueSource, name: str, kind: type[T], complaints: list[Complaint]
    ) -> YamlFile[T] | None:
        try:
            return read_yaml(self._folder / name, source.contents[name], kind)
        except YamlUnusable as unusable:
            complaints += unusable.complaints
            return None

    def _complaints(
        self,
        offers_file: YamlFile[OffersFile],
        policy_file: YamlFile[PolicyFile],
        treatments_file: YamlFile[TreatmentsFile],
    ) -> Iterator[Complaint]:
        offers, policy = offers_file.content, policy_file.content
        names = condition_names(self._vocabulary)
        words = complaints_about_treatments(treatments_file.content, offers, policy)
        found: tuple[tuple[Finds, Complaints], ...] = (
            (offers_file.complaint, self._complaints_about_bank(offers)),
            (offers_file.complaint, complaints_about_offers(offers, policy)),
            (offers_file.complaint, complaints_about_offer_conditions(offers, names)),
            (policy_file.complaint, complaints_about_policy(policy)),
            (policy_file.complaint, complaints_about_groups(offers, policy)),
            (policy_file.complaint, complaints_about_shared_conditions(policy, names)),
            (policy_file.complaint, complaints_about_contact(policy, offers)),
            (treatments_file.complaint, words),
        )
        for complaint, complaints in found:
            for place, what in complaints:
                yield complaint(place, what)

    def _complaints_about_bank(self, offers: OffersFile) -> Complaints:
        if self._bank is not None and offers.bank != self._bank:
            yield (
                ("bank",),
                f"these are offers of {offers.bank}, not of {self._bank}: set NBO_CATALOGUE",
            )
        if self._currency is not None and offers.currency != self._currency:
            yield (
                ("currency",),
                (
                    f"currency {offers.currency}: the bank's amounts are in {self._currency};"
                    " convert every value and set the currency, or import the bank with --currency"
                ),
            )
        if self._vocabulary is not None:
            yield from complaints_about_products(offers, self._vocabulary)
