"""What a bundle's manifest says, grouped and rounded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from model_registry.manifest import BundleManifest
from nbo.measured_bundle import MeasuredBundle

CONFIGURATION = "Configuration"
Section = tuple[str, Sequence[tuple[str, str]]]

_MEASURES = {
    "map_at_7": "MAP@7",
    "map_at_7_uncalibrated": "MAP@7 before calibration",
    "affinity_map_at_7": "MAP@7 of affinity",
    "transition_map_at_7": "MAP@7 of transition",
    "popularity_map_at_7": "MAP@7 of popularity",
    "oracle_map_at_7": "MAP@7 of the oracle",
    "ndcg_at_5": "NDCG@5",
    "hit_rate_at_1": "hit rate@1",
    "auc_weighted": "AUC by product",
    "oracle_auc_weighted": "AUC of the oracle",
    "ece": "calibration error",
    "ece_uncalibrated": "calibration error before calibration",
    "coverage": "coverage",
    "customers": "customers",
    "customers_with_additions": "customers who added something",
}
_OUT_OF_FOLD = "out_of_fold_"
_SMALL = {"ece", "ece_uncalibrated"}
_DIGEST = 12


def bundle_sections(bundle: MeasuredBundle) -> list[Section]:
    """Titles with their facts; empty sections are left out."""
    manifest = bundle.manifest
    if manifest is None:
        return [("Refused", [("reason", bundle.refused)])]
    sections: list[Section] = [
        ("Training", _training(manifest)),
        (CONFIGURATION, list(bundle.settings.items())),
        ("Measured on new data", list(_measured(bundle, manifest.summary_metrics))),
        ("Out of fold, on the training months", list(_out_of_fold(manifest.summary_metrics))),
        ("Data", _data(manifest)),
        ("Versions", list(manifest.library_versions.items())),
        ("Files (SHA-256)", [(name, digest[:_DIGEST]) for name, digest in manifest.files.items()]),
        ("Refused", [("reason", bundle.refused)] if bundle.refused else []),
    ]
    return [(title, facts) for title, facts in sections if facts]


def rounded(value: float | None, digits: int = 3) -> str:
    """A measure for people; empty where there is none."""
    return "" if value is None or value != value else f"{value:.{digits}f}"


def shown_measure(name: str, value: float) -> str:
    """A summary measure by its name: counts whole, calibration errors finer than the rest."""
    if name.startswith("customers"):
        return f"{value:,.0f}"
    return rounded(value, 4 if name.removeprefix(_OUT_OF_FOLD) in _SMALL else 3)


def _training(manifest: BundleManifest) -> list[tuple[str, str]]:
    months = manifest.label_months
    span = f"{len(months)}: {months[0]} to {months[-1]}" if len(months) > 1 else str(*months)
    return [
        ("bank", manifest.bank),
        ("created", f"{manifest.created_at:%Y-%m-%d %H:%M} UTC"),
        ("trained until", str(manifest.train_until)),
        ("label months", span),
        ("negatives kept", f"{100 * manifest.negative_sampling_rate:.1f} %"),
        ("seed", str(manifest.seed)),
    ]


def _measured(bundle: MeasuredBundle, metrics: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    if bundle.tested is None:
        if not bundle.refused:
            yield "test month", "none followed the training months"
        return
    yield "test month", str(bundle.tested.test_month)
    for name, label in _MEASURES.items():
        if name in metrics:
            yield label, shown_measure(name, metrics[name])
    for name in sorted(set(metrics) - set(_MEASURES)):
        if not name.startswith(_OUT_OF_FOLD):
            yield name, shown_measure(name, metrics[name])
    yield "leakage alarm", ", ".join(bundle.tested.leakage_alarm) or "none"


def _out_of_fold(metrics: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    for name, value in metrics.items():
        if name.startswith(_OUT_OF_FOLD):
            measure = name.removeprefix(_OUT_OF_FOLD)
            yield _MEASURES.get(measure, measure), shown_measure(measure, value)


def _data(manifest: BundleManifest) -> list[tuple[str, str]]:
    groups = Counter(manifest.product_groups.get(name, "") for name in manifest.product_vocabulary)
    members = ", ".join(f"{count} {group}" for group, count in groups.items())
    levels = ", ".join(f"{name} ({len(v)})" for name, v in manifest.category_levels.items() if v)
    return [
        ("fingerprint", manifest.data_fingerprint[:_DIGEST]),
        ("feature contract", manifest.contract_digest[:_DIGEST]),
        ("products", f"{len(manifest.product_vocabulary)}: {members}"),
        ("views with data", ", ".join(manifest.views_with_data) or "none"),
        ("categories (levels)", levels or "none"),
    ]
