"""A folder of YAML files as the domain's catalogue: checked whole, or refused with the cure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from service.adapters.catalogue_checks import (
    complaints_about_groups,
    complaints_about_offers,
    complaints_about_policy,
    complaints_about_products,
    complaints_about_treatments,
)
from service.adapters.catalogue_columns import compile_catalogue
from service.adapters.catalogue_format import OffersFile, PolicyFile, TreatmentsFile
from service.adapters.strict_yaml import read_yaml
from service.domain.catalogue import Catalogue
from service.errors import CatalogueInvalid

OFFERS, POLICY, TREATMENTS = "offers.yaml", "policy.yaml", "treatments.yaml"


class CatalogueFiles:
    """Reads `offers.yaml`, `policy.yaml` and `treatments.yaml` of one bank.

    With a `bank` the offers must be that bank's; with a `product_vocabulary` every offer that
    cannot be made twice must be for a product in it; with a `currency` the values must be in it.
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
        """The catalogue, versioned by its files' digest; `CatalogueInvalid` names file and cure."""
        offers, offer_bytes = read_yaml(self._folder / OFFERS, OffersFile)
        policy, policy_bytes = read_yaml(self._folder / POLICY, PolicyFile)
        treatments, treatment_bytes = read_yaml(self._folder / TREATMENTS, TreatmentsFile)
        self._refuse(POLICY, complaints_about_policy(policy))
        self._refuse(OFFERS, complaints_about_offers(offers, policy))
        self._refuse(POLICY, complaints_about_groups(offers, policy))
        self._refuse(TREATMENTS, complaints_about_treatments(treatments, offers, policy))
        self._refuse(OFFERS, self._complaints_about_bank(offers))
        return compile_catalogue(
            offers,
            policy,
            treatments,
            version=_digest(offer_bytes, treatment_bytes),
            policy_version=_digest(policy_bytes),
        )

    def _complaints_about_bank(self, offers: OffersFile) -> Iterator[str]:
        if self._bank is not None and offers.bank != self._bank:
            yield f"these are offers of {offers.bank}, not of {self._bank}: set NBO_CATALOGUE"
        if self._currency is not None and offers.currency != self._currency:
            yield (
                f"currency {offers.currency}: the bank's amounts are in {self._currency}; convert"
                " every value and set the currency, or import the bank with --currency"
            )
        if self._vocabulary is not None:
            yield from complaints_about_products(offers, self._vocabulary)

    def _refuse(self, file: str, complaints: Iterator[str]) -> None:
        found = list(complaints)
        if found:
            raise CatalogueInvalid("\n".join(f"{self._folder / file}: {line}" for line in found))


def _digest(*contents: bytes) -> str:
    digest = hashlib.sha256()
    for content in contents:
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()[:16]
