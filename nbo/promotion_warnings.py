"""What speaks against making a bundle the champion; whoever promotes it may know better."""

from __future__ import annotations

from collections.abc import Iterator

from nbo.bundle_sections import rounded
from nbo.measured_bundle import MeasuredBundle


def promotion_warnings(bundle: MeasuredBundle, champion: MeasuredBundle | None) -> Iterator[str]:
    """One line each; `champion` is the bundle to be replaced, None when there is none."""
    if bundle.tested is None:
        yield (
            f"{bundle.bundle_id} was not measured on any month: nbo evaluate --model"
            f" {bundle.bundle_id} --test-month DATE"
        )
        return
    best, lead, interval = bundle.best_baseline, bundle.lead, bundle.lead_interval
    if best is not None and lead is not None and lead < 0:
        sure = f", 95 % {interval[0]:+.3f} … {interval[1]:+.3f}" if interval else ""
        yield (
            f"{bundle.bundle_id} ranks worse than its baseline {best[0]}: MAP@7"
            f" {rounded(bundle.measure('map_at_7'))} beside {rounded(best[1])} ({lead:+.3f}{sure})"
        )
    if champion is not None and champion.test_set == bundle.test_set:
        yield from _behind(bundle, champion)


def _behind(bundle: MeasuredBundle, champion: MeasuredBundle) -> Iterator[str]:
    """The champion's MAP@7 lies above all the bundle's may be."""
    theirs, interval = champion.measure("map_at_7"), bundle.interval
    if theirs is not None and interval is not None and theirs > interval[1]:
        yield (
            f"the champion {champion.bundle_id} ranks better on the same month: MAP@7"
            f" {rounded(theirs)} beside {rounded(bundle.measure('map_at_7'))}"
            f" (95 % {interval[0]:.3f} … {interval[1]:.3f})"
        )
