"""The promoted bundle as something to decide with, or the reason why there is none."""

from __future__ import annotations

from model_registry.errors import BundleRefused, RegistryError
from model_registry.home import BankIdentity, Home
from model_registry.manifest import BundleManifest
from model_registry.model_loading import load_model
from model_registry.propensity_model import PropensityModel
from model_registry.rates import RATES_FILE
from model_registry.rates import Rates as BundleRates
from model_registry.store import ModelStore
from model_registry.trial_load import try_to_load
from service.domain.rates import Rates
from service.ports import OpenedRelease, Release


class ModelReleases:
    """The bundles of one home, for the bank that lives in it."""

    def __init__(
        self, home: Home, identity: BankIdentity, *, prefers_compiled: bool, tries_first: bool
    ) -> None:
        self._home, self._store, self._identity = home, ModelStore(home), identity
        self._prefers_compiled, self._tries_first = prefers_compiled, tries_first

    def open_champion(self) -> OpenedRelease:
        """The champion, tried in a child process, verified and golden-checked; a refused bundle is
        no release, no error.
        """
        try:
            bundle_id = self._store.champion()
            if bundle_id is None:
                return OpenedRelease(None, "no bundle is promoted: run `nbo models promote`")
            return self._open(bundle_id)
        except (RegistryError, ValueError, OSError) as error:
            return OpenedRelease(None, str(error), is_refused=True)

    def open(self, bundle_id: str) -> Release:
        """One bundle, promoted or not, verified; `RegistryError` when it cannot be used."""
        opened = self._open(bundle_id)
        assert opened.release is not None
        return opened.release

    def ids(self) -> list[str]:
        """All bundles, oldest first."""
        return self._store.list()

    def champion(self) -> str | None:
        """The promoted bundle; None when none was promoted or the alias is damaged."""
        try:
            return self._store.champion()
        except (RegistryError, OSError):
            return None

    def _open(self, bundle_id: str) -> OpenedRelease:
        crash = self._crash_of_the_compiled(bundle_id)
        bundle = self._store.open(bundle_id)
        self._check_bank(bundle.manifest)
        # The rates first: a native library, once loaded, stays for the life of the process.
        rates = BundleRates.decode(bundle.file(RATES_FILE))
        prefers_compiled = self._prefers_compiled and crash is None
        model = load_model(self._home, bundle, prefers_compiled=prefers_compiled)
        ranker_detail = f"no compiled ranker: {crash}" if crash else model.ranker_detail
        release = _release(bundle.manifest, model, rates)
        return OpenedRelease(release, f"bundle {bundle_id}; {ranker_detail}", ranker=model.ranker)

    def _crash_of_the_compiled(self, bundle_id: str) -> str | None:
        """Why the compiled ranker may not be loaded here, None when it may; `BundleRefused` when
        not even LightGBM may.
        """
        if not self._tries_first:
            return None
        crash = None
        if self._prefers_compiled:
            try:
                try_to_load(self._home, bundle_id, prefers_compiled=True)
            except BundleRefused as error:
                crash = str(error)
            else:
                return None
        try_to_load(self._home, bundle_id, prefers_compiled=False)
        return crash

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


def _release(manifest: BundleManifest, model: PropensityModel, rates: BundleRates) -> Release:
    return Release(
        bundle_id=manifest.bundle_id,
        product_vocabulary=tuple(manifest.product_vocabulary),
        model=model,
        rates=Rates(
            rates.product, rates.group, rates.channel_trigger, rates.overall, rates.segment
        ),
        views_with_data=tuple(manifest.views_with_data),
    )
