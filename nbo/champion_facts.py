"""What is worth knowing of a bundle at the moment it becomes the champion."""

from __future__ import annotations

from model_registry.home import Home
from model_registry.store import ModelStore
from nbo.bundle_sections import rounded
from nbo.measured_bundle import MeasuredBundle, read_bundle
from nbo.output import print_facts, print_json
from nbo.ranker_facts import ranker_facts, ranker_line


def say_champion(home: Home, bundle_id: str, *, as_json: bool) -> None:
    """The champion, the month it was measured on, its lead there, and what will score."""
    store = ModelStore(home)
    bundle, manifest = read_bundle(store, bundle_id), store.manifest(bundle_id)
    best = bundle.best_baseline
    if as_json:
        print_json(
            {
                "champion": bundle_id,
                "test_month": bundle.tested and bundle.tested.test_month,
                "best_baseline": best and best[0],
                "lead_map_at_7": bundle.lead,
                "ranker": ranker_facts(home, manifest),
            }
        )
        return
    print_facts(
        [
            ("champion", bundle_id),
            ("test month", bundle.tested.test_month if bundle.tested else "not measured"),
            *_lead(bundle),
            ("ranker", ranker_line(home, manifest)),
        ]
    )


def _lead(bundle: MeasuredBundle) -> list[tuple[str, object]]:
    best, lead = bundle.best_baseline, bundle.lead
    if best is None or lead is None:
        return []
    return [("lead", f"{lead:+.3f} MAP@7 over {best[0]} ({rounded(best[1])})")]
