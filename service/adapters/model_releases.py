"""The promoted bundle as something to decide with, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass

from model_registry.errors import BundleRefused, RegistryError
from model_registry.home import BankIdentity, Home
from model_registry.manifest import BundleManifest
from model_registry.propensity_model import PropensityModel
from model_registry.rates import RATES_FILE
from model_registry.rates import Rates as BundleRates
from model_registry.store import ModelStore
from service.domain.rates import Rates
from service.ports import Release


@dataclass(frozen=True)
class OpenedRelease:
    """A release, or None and why; `detail` names the bundle and the cure."""

    release: Release | None
    detail: str
    is_refused: bool = False

    @property
    def degraded_reasons(self) -> tuple[str, ...]:
        """What every decision without this release says it lacks."""
        if self.release is not None:
            return ()
        return ("model_refused",) if self.is_refused else ("model_missing",)


class ModelReleases:
    """The bundles of one home, for the bank that lives in it."""

    def __init__(self, home: Home, identity: BankIdentity) -> None:
        self._store, self._identity = ModelStore(home), identity

    def open_champion(self) -> OpenedRelease:
        """The champion, verified and golden-checked; a refused bundle is no release, no error."""
        try:
            bundle_id = self._store.champion()
            if bundle_id is None:
                return OpenedRelease(None, "no bundle is promoted: run `nbo models promote`")
            return OpenedRelease(self._open(bundle_id), f"bundle {bundle_id}")
        except (RegistryError, ValueError, OSError) as error:
            return OpenedRelease(None, str(error), is_refused=True)

    def ids(self) -> list[str]:
        """All bundles, oldest first."""
        return self._store.list()

    def champion(self) -> str | None:
        """The promoted bundle; None when none was promoted or the alias is damaged."""
        try:
            return self._store.champion()
        except RegistryError:
            return None

    def _open(self, bundle_id: str) -> Release:
        bundle = self._store.open(bundle_id)
        self._check_bank(bundle.manifest)
        model = PropensityModel.load(bundle)
        model.check_golden()
        if RATES_FILE not in bundle.files:
            raise BundleRefused(f"bundle {bundle_id}: {RATES_FILE} is not part of it: train again")
        rates = BundleRates.decode(bundle.files[RATES_FILE])
        return Release(
            bundle_id=bundle_id,
            product_vocabulary=tuple(bundle.manifest.product_vocabulary),
            model=model,
            rates=Rates(rates.product, rates.group, rates.channel_trigger, rates.overall),
            views_with_data=tuple(bundle.manifest.views_with_data),
        )

    def _check_bank(self, manifest: BundleManifest) -> None:
        if manifest.bank != self._identity.bank:
            raise BundleRefused(
                f"bundle {manifest.bundle_id} was trained for bank {manifest.bank}, but bank"
                f" {self._identity.bank} lives here: train again"
            )
        if manifest.product_vocabulary != self._identity.product_vocabulary:
            raise BundleRefused(
                f"bundle {manifest.bundle_id} was trained for other products of bank"
                f" {manifest.bank}: train again"
            )
