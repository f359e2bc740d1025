"""A bundle as lists and comparisons need it: its manifest, and which month its measures are of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import msgspec

from model_registry.contract_fit import refuse_other_contract
from model_registry.errors import RegistryError
from model_registry.manifest import BundleManifest
from model_registry.store import ModelStore

METRICS_FILE = "metrics.json"
_BASELINES = ("affinity", "transition", "popularity")


class Tested(msgspec.Struct, frozen=True):
    """The month a bundle was measured on, and the products ranked too well to be believed."""

    test_month: date
    leakage_alarm: list[str] = []


class _Metrics(msgspec.Struct, frozen=True):
    evaluation: Tested | None = None


@dataclass(frozen=True)
class MeasuredBundle:
    """`manifest` is None when it cannot be trusted, `tested` when no month was measured.

    `refused` says why the bundle, or one of its files, cannot be used.
    """

    bundle_id: str
    is_champion: bool
    manifest: BundleManifest | None
    tested: Tested | None
    refused: str = ""

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

    def measure(self, name: str) -> float | None:
        """One of the summary measures, None where it was not measured."""
        return self.manifest.summary_metrics.get(name) if self.manifest else None


def read_bundle(store: ModelStore, bundle_id: str) -> MeasuredBundle:
    """The bundle; what is wrong with it is told in `refused` instead of raised."""
    is_champion = store.champion() == bundle_id
    manifest = None
    tested = None
    try:
        manifest = store.manifest(bundle_id)
        metrics = msgspec.json.decode(store.open(bundle_id).file(METRICS_FILE), type=_Metrics)
        tested = metrics.evaluation
        refuse_other_contract(manifest)
    except (RegistryError, msgspec.DecodeError) as error:
        return MeasuredBundle(bundle_id, is_champion, manifest, tested, str(error))
    return MeasuredBundle(bundle_id, is_champion, manifest, tested)
