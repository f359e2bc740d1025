"""`nbo models`: what was trained, and which of it serves."""

from __future__ import annotations

from typing import Any

import msgspec
import rich_click as click

from model_registry.errors import BundleRefused, RegistryError
from model_registry.manifest import BundleManifest
from model_registry.store import ModelStore
from nbo.local_home import local_home
from nbo.output import json_option, note, print_facts, print_json, print_table


@click.group()
def models() -> None:
    """List, compare, promote, roll back and verify model bundles."""


@models.command(name="list")
@json_option
def list_(as_json: bool) -> None:
    """All bundles, oldest first; the champion is marked.

    Example: nbo models list
    """
    store = _store()
    champion = store.champion()
    rows = [_row(store, bundle_id, champion) for bundle_id in store.list()]
    if as_json:
        print_json(rows)
        return
    columns = ("bundle", "champion", "bank", "train_until", "map_at_7", "refused")
    print_table(columns, ([_cell(row.get(name)) for name in columns] for row in rows))


@models.command()
@click.argument("first", metavar="A")
@click.argument("second", metavar="[B]", required=False)
@json_option
def show(first: str, second: str | None, as_json: bool) -> None:
    """One bundle's manifest, or two side by side.

    Example: nbo models show 20261101T101500-0123456789ab
    """
    shown = [_store().manifest(name) for name in (first, second) if name is not None]
    if as_json:
        print_json(shown[0] if second is None else shown)
    elif second is None:
        print_facts((name, _cell(value)) for name, value in _flat(shown[0]).items())
    else:
        left, right = (_flat(manifest) for manifest in shown)
        names = dict.fromkeys([*left, *right])
        rows = ((name, _cell(left.get(name)), _cell(right.get(name))) for name in names)
        print_table(("", first, second), rows)


@models.command()
@click.argument("bundle_id")
@json_option
def promote(bundle_id: str, as_json: bool) -> None:
    """Make a bundle of this home's bank the champion, after verifying it.

    Example: nbo models promote 20261101T101500-0123456789ab
    """
    store = _store()
    _refuse_other_bank(store.manifest(bundle_id))
    store.promote(bundle_id)
    _say_champion(bundle_id, as_json)


@models.command()
@json_option
def rollback(as_json: bool) -> None:
    """Make the previous champion champion again.

    Example: nbo models rollback
    """
    _say_champion(_store().rollback(), as_json)


@models.command()
@click.argument("bundle_ids", metavar="[ID]...", nargs=-1)
@json_option
def verify(bundle_ids: tuple[str, ...], as_json: bool) -> None:
    """Check signature and digests of the bundles named, else of all; names the file that is wrong.

    Example: nbo models verify
    """
    store = _store()
    refused: dict[str, str] = {}
    checked = bundle_ids or tuple(store.list())
    for bundle_id in checked:
        try:
            store.verify(bundle_id)
        except RegistryError as error:
            refused[bundle_id] = str(error)
    if as_json:
        print_json({"verified": [name for name in checked if name not in refused], **_of(refused)})
    else:
        print_table(("bundle", "verdict"), ((n, refused.get(n, "verified")) for n in checked))
    for reason in refused.values():
        note(f"nbo: {reason}")
    if refused:
        raise SystemExit(1)


def _of(refused: dict[str, str]) -> dict[str, object]:
    return {"refused": refused}


def _store() -> ModelStore:
    return ModelStore(local_home())


def _refuse_other_bank(manifest: BundleManifest) -> None:
    here = local_home().bank().bank
    if manifest.bank != here:
        raise BundleRefused(
            f"bundle {manifest.bundle_id} was trained for bank {manifest.bank}, but bank {here}"
            " lives here: import that bank again, or train for this one"
        )


def _row(store: ModelStore, bundle_id: str, champion: str | None) -> dict[str, Any]:
    row: dict[str, Any] = {"bundle": bundle_id, "champion": bundle_id == champion}
    try:
        manifest = store.manifest(bundle_id)
    except RegistryError as error:
        return row | {"refused": str(error)}
    metrics = manifest.summary_metrics
    return row | {
        "bank": manifest.bank,
        "train_until": manifest.train_until,
        "map_at_7": metrics.get("map_at_7"),
        "metrics": metrics,
    }


def _flat(manifest: BundleManifest) -> dict[str, object]:
    facts: dict[str, object] = msgspec.structs.asdict(manifest)
    metrics = facts.pop("summary_metrics")
    assert isinstance(metrics, dict)
    return facts | {f"metric {name}": value for name, value in metrics.items()}


def _cell(value: object) -> str:
    if value is None or value is False:
        return ""
    if value is True:
        return "yes"
    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    if isinstance(value, dict):
        return "\n".join(f"{key}: {_cell(item)}" for key, item in value.items())
    return str(value)


def _say_champion(bundle_id: str, as_json: bool) -> None:
    if as_json:
        print_json({"champion": bundle_id})
    else:
        print_facts([("champion", bundle_id)])
