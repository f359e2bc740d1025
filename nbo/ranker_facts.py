"""What would score a bundle's rows here: its compiled ranker, or LightGBM and why."""

from __future__ import annotations

import msgspec

from model_registry.errors import RegistryError
from model_registry.home import Home
from model_registry.manifest import BundleManifest
from model_registry.ranker_store import RankerStore


def ranker_facts(home: Home, manifest: BundleManifest) -> dict[str, object]:
    """`name` (compiled or lightgbm), and the signed record or the `reason`; nothing is loaded."""
    try:
        record = RankerStore(home).open(manifest).record
    except RegistryError as error:
        return {"name": "lightgbm", "reason": str(error)}
    return {"name": "compiled"} | msgspec.structs.asdict(record)


def ranker_line(home: Home, manifest: BundleManifest) -> str:
    """The same in one line."""
    facts = ranker_facts(home, manifest)
    if facts["name"] == "lightgbm":
        return f"LightGBM: {facts['reason']}"
    return f"compiled by {facts['compiler']}, within {facts['largest_gap']:.1g} of LightGBM"
