"""A bundle as lists and comparisons need it: its manifest, and which month its measures are of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import msgspec

from model_registry.contract_fit import refuse_other_contract
from model_registry.errors import RegistryError
from model_registry.flat_settings import CONFIG_FILE, flat_settings
from model_registry.manifest import BundleManifest, VerifiedBundle
from model_registry.store import ModelStore

METRICS_FILE = "metrics.json"
_BASELINES = ("affinity", "transition", "popularity")


Bounds = tuple[float | None, float | None]
"""Low and high as JSON holds them: null where nobody added anything."""


class Intervals(msgspec.Struct, frozen=True):
    """How sure a ranking's MAP@7 is, and the model's lead over it (95 %)."""

    map_at_7: Bounds | None = None
    model_lead_map_at_7: Bounds | None = None


class Tested(msgspec.Struct, frozen=True):
    """The month a bundle was measured on, the products ranked too well to be believed, and the
    intervals of each ranking.
    """

    test_month: date
    leakage_alarm: list[str] = []
    intervals: dict[str, Intervals] = {}


class _Metrics(msgspec.Struct, frozen=True):
    evaluation: Tested | None = None


@dataclass(frozen=True)
class MeasuredBundle:
    """`manifest` is None when it cannot be trusted, `tested` when no month was measured.

    `refused` says why the bundle, or one of its files, cannot be used; `settings` is its resolved
    configuration with dotted keys.
    """

    bundle_id: str
    is_champion: bool
    manifest: BundleManifest | None
    tested: Tested | None
    refused: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def test_set(self) -> tuple[str, str, date] | None:
        """What measures must share to be compared: bank, data and month."""
        if self.manifest is None or self.tested is None:
            return None
        return self.manifest.bank, self.manifest.data_fingerprint, self.tested.test_month

    @property
    def best_baseline(self) -> tuple[str, float] | None:
        """The baseline of the highest MAP@7, and that; None when none was measured."""
        measured = [(name, self.measure(f"{name}_map_at_7")) for name in _BASELINES]
        known = [(name, value) for name, value in measured if value is not None]
        return max(known, key=lambda pair: pair[1], default=None)

    @property
    def lead(self) -> float | None:
        """MAP@7 beyond the best baseline's; None when either was not measured."""
        map_at_7, best = self.measure("map_at_7"), self.best_baseline
        return None if map_at_7 is None or best is None else map_at_7 - best[1]

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where the model's MAP@7 lies with 95 %; None where it was not measured."""
        return _known(self._intervals("model").map_at_7)

    @property
    def lead_interval(self) -> tuple[float, float] | None:
        """Where its lead over the best baseline lies with 95 %; None where not measured."""
        best = self.best_baseline
        return _known(self._intervals(best[0]).model_lead_map_at_7) if best else None

    def _intervals(self, ranking: str) -> Intervals:
        known = self.tested.intervals if self.tested else {}
        return known.get(ranking, Intervals())

    def measure(self, name: str) -> float | None:
        """One of the summary measures, None where it was not measured."""
        return self.manifest.summary_metrics.get(name) if self.manifest else None


def read_bundle(store: ModelStore, bundle_id: str) -> MeasuredBundle:
    """The bundle; what is wrong with it is told in `refused` instead of raised."""
    is_champion = store.champion() == bundle_id
    manifest = None
    tested, settings, refused = None, {}, ""
    try:
        manifest = store.manifest(bundle_id)
        bundle = store.open(bundle_id)
        tested = msgspec.json.decode(bundle.file(METRICS_FILE), type=_Metrics).evaluation
        settings = _settings(bundle)
        refuse_other_contract(manifest)
    except (RegistryError, msgspec.DecodeError) as error:
        refused = str(error)
    return MeasuredBundle(bundle_id, is_champion, manifest, tested, refused, settings)


def _settings(bundle: VerifiedBundle) -> dict[str, str]:
    stored = bundle.files.get(CONFIG_FILE, b"{}")
    return dict(flat_settings(msgspec.json.decode(stored, type=dict[str, object])))


def _known(bounds: Bounds | None) -> tuple[float, float] | None:
    low, high = bounds or (None, None)
    return None if low is None or high is None else (low, high)
