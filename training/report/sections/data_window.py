"""What the run learned from."""

from __future__ import annotations

from training.report.blocks import Section, Table, count, percent
from training.report.training_run import TrainingRun


def data_window(run: TrainingRun) -> Section:
    """Facts of the bank, counts per label month, additions per product and month."""
    return Section("data", "Data window", [_facts(run), _months(run), _additions(run)])


def _facts(run: TrainingRun) -> Table:
    bank, manifest = run.bank, run.manifest
    days = bank.snapshot_dates
    rows = [
        ("bank", f"{bank.bank} ({bank.source}, {bank.currency})"),
        ("snapshots", f"{len(days)}, {days[0]} to {days[-1]}"),
        ("data until", str(bank.data_until)),
        ("label months", ", ".join(str(month) for month in manifest.label_months)),
        ("trained until", str(manifest.train_until)),
        ("tested on", str(run.measured.result.test_month) if run.measured else "no month"),
        ("products", str(len(manifest.product_vocabulary))),
        ("views with data", ", ".join(manifest.views_with_data) or "none"),
        ("negatives kept", percent(manifest.negative_sampling_rate)),
    ]
    return Table((), rows, text_columns=2)


def _months(run: TrainingRun) -> Table:
    rows = [
        (
            str(month.month),
            str(month.as_of),
            count(month.customers),
            count(month.candidates),
            count(month.rows),
            count(sum(month.additions.values())),
        )
        for month in run.months
    ]
    total = [
        count(sum(getattr(month, name) for month in run.months)) for name in ("candidates", "rows")
    ]
    added = count(sum(sum(month.additions.values()) for month in run.months))
    head = ("label month", "features as of", "customers", "candidate pairs", "rows used", "added")
    caption = "Training months. A candidate pair is a customer and a product not held before."
    return Table(head, [*rows, ("all", "", "", *total, added)], caption, text_columns=2)


def _additions(run: TrainingRun) -> Table:
    """Additions (positives) per product and month; the test month stands last."""
    months = [(f"{month.month:%Y-%m}", month.additions) for month in run.months]
    if run.measured is not None:
        result = run.measured.result
        tested = {name: product.additions for name, product in result.products.items()}
        months.append((f"{result.test_month:%Y-%m}", tested))
    vocabulary = run.manifest.product_vocabulary
    rows = [
        (
            name,
            run.product_names.get(name, ""),
            *(count(additions[name]) for _, additions in months),
        )
        for name in vocabulary
    ]
    head = ("product", "name", *(month for month, _ in months))
    last = "; the last month is the test month" if run.measured else ""
    return Table(head, rows, f"Additions (positives) per product and month{last}.", text_columns=2)
