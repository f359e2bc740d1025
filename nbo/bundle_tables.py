"""Bundles for people: all of them in a table, one in sections, two side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from string import ascii_uppercase

from nbo.bundle_sections import CONFIGURATION, Section, bundle_sections, rounded
from nbo.measured_bundle import MeasuredBundle
from nbo.output import print_facts, print_table

_NOT_COMPARABLE = (
    "MAP@7 compares only within one test set (same data, same month). To measure a bundle on "
    "another month: nbo evaluate --model ID --test-month DATE"
)

Row = tuple[str, str, str]
_SAME_SETTINGS = ("all settings", "equal", "equal")


def show_list(bundles: Sequence[MeasuredBundle]) -> None:
    """One row per bundle; test sets are told apart as soon as there are two."""
    if not bundles:
        print("no bundle yet: run `nbo train`")
        return
    sets = list(dict.fromkeys(b.test_set for b in bundles if b.test_set is not None))
    head = ["", "bundle", "bank", "trained until", "tested on", "MAP@7", "best baseline", "lead"]
    rows = [_row(bundle) for bundle in bundles]
    if len(sets) > 1:
        head.insert(5, "test set")
        for bundle, row in zip(bundles, rows, strict=True):
            row.insert(
                5, ascii_uppercase[sets.index(bundle.test_set) % 26] if bundle.test_set else ""
            )
    print_table(head, rows)
    if any(bundle.is_champion for bundle in bundles):
        print("● champion: the bundle that serves")
    if len(sets) > 1:
        print(_NOT_COMPARABLE)
    for bundle in bundles:
        if bundle.refused:
            print(f"✗ refused: {bundle.refused}")


def show_one(bundle: MeasuredBundle) -> None:
    """Everything the manifest says, in sections."""
    print(bundle.bundle_id + (" ● champion" if bundle.is_champion else ""))
    for title, facts in bundle_sections(bundle):
        print(f"\n{title}")
        print_facts((f"  {name}", value) for name, value in facts)


def show_two(left: MeasuredBundle, right: MeasuredBundle) -> None:
    """The sections of both, what differs marked; of the settings only those that differ."""
    lines: list[tuple[str, ...]] = []
    for title, rows in _side_by_side(bundle_sections(left), bundle_sections(right)):
        lines.append((f"[bold]{title}[/bold]",))
        shown = _differing(rows) if title == CONFIGURATION else rows
        lines.extend((*row, "≠" if row[1] != row[2] else "") for row in shown)
    marks = (" ●" if bundle.is_champion else "" for bundle in (left, right))
    ids = (b.bundle_id + mark for b, mark in zip((left, right), marks, strict=True))
    print_table(("", *ids, ""), lines)
    if left.test_set != right.test_set:
        print(_NOT_COMPARABLE)
    elif left.interval is not None and right.interval is not None:
        print(_compared(left.interval, right.interval))


def _differing(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row[1] != row[2]] or [_SAME_SETTINGS]


def _compared(left: tuple[float, float], right: tuple[float, float]) -> str:
    """Whether the two MAP@7 can be told apart."""
    shown = " and ".join(f"{low:.3f} … {high:.3f}" for low, high in (left, right))
    if left[0] <= right[1] and right[0] <= left[1]:
        return f"The 95 % intervals of MAP@7 overlap ({shown}): this month shows no clear winner."
    better = "first" if left[0] > right[1] else "second"
    return f"The 95 % intervals of MAP@7 do not overlap ({shown}): the {better} ranks better."


def _row(bundle: MeasuredBundle) -> list[str]:
    manifest, tested = bundle.manifest, bundle.tested
    best, lead = bundle.best_baseline, bundle.lead
    return [
        ("●" if bundle.is_champion else "") + ("✗" if bundle.refused else ""),
        bundle.bundle_id,
        manifest.bank if manifest else "refused",
        str(manifest.train_until) if manifest else "",
        str(tested.test_month) if tested else "refused" if bundle.refused else "not measured",
        rounded(bundle.measure("map_at_7")),
        f"{best[0]} {rounded(best[1])}" if best is not None and lead is not None else "",
        f"{lead:+.3f}" if lead is not None else "",
    ]


def _side_by_side(
    left: Sequence[Section], right: Sequence[Section]
) -> Iterator[tuple[str, list[Row]]]:
    first, second = dict(left), dict(right)
    for title in dict.fromkeys([*first, *second]):
        ours, theirs = dict(first.get(title, ())), dict(second.get(title, ()))
        names = dict.fromkeys([*ours, *theirs])
        yield title, [(name, ours.get(name, ""), theirs.get(name, "")) for name in names]
