"""`nbo models`: what was trained, and which of it serves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import rich_click as click

from model_registry.contract_fit import fits_contract, refuse_other_contract
from model_registry.errors import BundleRefused, RegistryError
from model_registry.home import Home
from model_registry.manifest import BundleManifest
from model_registry.store import ModelStore
from nbo.bundle_tables import show_list, show_one, show_two
from nbo.champion_facts import say_champion
from nbo.local_home import existing_home
from nbo.measured_bundle import read_bundle
from nbo.output import json_option, note, print_facts, print_json, print_table
from nbo.promotion_warnings import promotion_warnings
from nbo.publication import provide_ranker
from nbo.ranker_facts import ranker_facts, ranker_line

compile_option = click.option(
    "--compile/--no-compile",
    "compiles",
    default=True,
    help="Build the bundle's compiled ranker if it lacks one.",
    show_default=True,
)

UNFIT = "whole, but of another feature contract"


@click.group()
def models() -> None:
    """List, show, promote, roll back and verify model bundles; `show A B` compares two."""


@models.command(name="list")
@json_option
def list_(as_json: bool) -> None:
    """All bundles, oldest first; the champion is marked.

    Example: nbo models list
    """
    store = _store()
    if as_json:
        champion = store.champion()
        print_json([_row(store, bundle_id, champion) for bundle_id in store.list()])
    else:
        show_list([read_bundle(store, bundle_id) for bundle_id in store.list()])


@models.command()
@click.argument("first", metavar="A")
@click.argument("second", metavar="[B]", required=False)
@json_option
def show(first: str, second: str | None, as_json: bool) -> None:
    """One bundle's manifest, configuration and compiled ranker, or two bundles side by side.

    Of two the settings that differ, and whether their MAP@7 on one month can be told apart.

    Example: nbo models show 20261101T101500-0123456789ab
    """
    home = existing_home()
    store = ModelStore(home)
    manifests = [store.manifest(name) for name in (first, second) if name is not None]
    if as_json:
        documents = [_document(home, manifest) for manifest in manifests]
        print_json(documents[0] if second is None else documents)
        return
    if second is None:
        show_one(read_bundle(store, first))
    else:
        show_two(read_bundle(store, first), read_bundle(store, second))
    print_facts((f"ranker of {m.bundle_id}", ranker_line(home, m)) for m in manifests)


@models.command()
@click.argument("bundle_id")
@compile_option
@json_option
def promote(bundle_id: str, compiles: bool, as_json: bool) -> None:
    """Make a bundle of this home's bank and feature contract the champion, after verifying it.

    Before it serves its compiled ranker is built, if it lacks one and a C compiler is there. Warns
    of one that was not measured, or ranks worse than its best baseline, or than the champion on
    the same month.

    Example: nbo models promote 20261101T101500-0123456789ab
    """
    home = existing_home()
    store = ModelStore(home)
    store.verify(bundle_id)
    _refuse_unfit(home, store.manifest(bundle_id))
    for line in _warnings(store, bundle_id):
        note(f"nbo: {line}")
    if compiles:
        provide_ranker(home, bundle_id)
    store.promote(bundle_id)
    say_champion(home, bundle_id, as_json=as_json)


@models.command()
@compile_option
@json_option
def rollback(compiles: bool, as_json: bool) -> None:
    """Make the previous champion champion again, unless another bank or contract trained it.

    Example: nbo models rollback
    """
    home = existing_home()
    store = ModelStore(home)
    previous = store.previous()
    if previous is not None:
        store.verify(previous)
        _refuse_unfit(home, store.manifest(previous))
        if compiles:
            provide_ranker(home, previous)
    say_champion(home, store.rollback(), as_json=as_json)


@models.command()
@click.argument("bundle_ids", metavar="[ID]...", nargs=-1)
@json_option
def verify(bundle_ids: tuple[str, ...], as_json: bool) -> None:
    """Check signature and digests of the bundles named, else of all; names the file that is wrong.

    A bundle of another feature contract is whole, and said to be of no use here.

    Example: nbo models verify
    """
    store = _store()
    refused: dict[str, str] = {}
    unfit: dict[str, str] = {}
    store.newest()  # to verify nothing is no success
    checked = bundle_ids or tuple(store.list())
    for bundle_id in checked:
        try:
            store.verify(bundle_id)
            unfit |= _of_other_contract(store.manifest(bundle_id))
        except RegistryError as error:
            refused[bundle_id] = str(error)
    if as_json:
        verified = [name for name in checked if name not in refused]
        print_json({"verified": verified, "refused": refused, "other_contract": list(unfit)})
    else:
        verdicts = dict.fromkeys(checked, "verified") | dict.fromkeys(unfit, UNFIT) | refused
        print_table(("bundle", "verdict"), verdicts.items())
    for reason in (*unfit.values(), *refused.values()):
        note(f"nbo: {reason}")
    if refused:
        raise SystemExit(1)


def _of_other_contract(manifest: BundleManifest) -> dict[str, str]:
    """The bundle's id and why it cannot serve here; empty when it can."""
    try:
        refuse_other_contract(manifest)
    except BundleRefused as error:
        return {manifest.bundle_id: str(error)}
    return {}


def _store() -> ModelStore:
    return ModelStore(existing_home())


def _document(home: Home, manifest: BundleManifest) -> dict[str, Any]:
    return msgspec.structs.asdict(manifest) | {"ranker": ranker_facts(home, manifest)}


def _warnings(store: ModelStore, bundle_id: str) -> Iterator[str]:
    """What speaks against the promotion; of the bundle that is the champion already, nothing."""
    champion = store.champion()
    if champion != bundle_id:
        former = read_bundle(store, champion) if champion is not None else None
        yield from promotion_warnings(read_bundle(store, bundle_id), former)


def _refuse_unfit(home: Home, manifest: BundleManifest) -> None:
    """`BundleRefused` when services of this version and home could not decide with the bundle."""
    refuse_other_contract(manifest)
    here = home.bank().bank
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
    unfit = {} if fits_contract(manifest) else {"other_contract": True}
    return (
        row
        | unfit
        | {
            "bank": manifest.bank,
            "train_until": manifest.train_until,
            "map_at_7": metrics.get("map_at_7"),
            "metrics": metrics,
        }
    )
