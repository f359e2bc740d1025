"""A promotion or a write killed at any point: the registry holds the old state or the new."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from model_registry.failpoints import FAILPOINTS
from model_registry.home import Home
from model_registry.store import ModelStore
from tests.bundle_drafts import draft
from tests.killed_child import killed_at

WRITING = [point for point in FAILPOINTS if point.startswith("bundle.")]
PROMOTING = {
    "champion.before_replace": False,
    "durable_file.before_rename": False,
    "champion.after_replace": True,
}


def write(root: Path) -> None:
    ModelStore(Home(root)).write(draft(second=1))


def promote(root: Path, bundle_id: str) -> None:
    ModelStore(Home(root)).promote(bundle_id)


def roll_back(root: Path) -> None:
    ModelStore(Home(root)).rollback()


@pytest.mark.parametrize("point", WRITING)
def test_a_killed_write_leaves_no_bundle_or_a_whole_one(tmp_path, point):
    store = ModelStore(Home(tmp_path))
    former = store.write(draft())

    killed_at(point, write, tmp_path)

    left = store.list()
    assert left[0] == former
    assert len(left) == 1 + (point == "bundle.after_rename")
    written = store.write(draft(second=1))
    assert store.list() == [former, written]
    for bundle_id in store.list():
        store.verify(bundle_id)


@pytest.mark.parametrize(("point", "is_done"), PROMOTING.items())
def test_a_killed_promotion_leaves_the_old_champion_or_the_new(tmp_path, point, is_done):
    store = ModelStore(Home(tmp_path))
    old, new = store.write(draft()), store.write(draft(second=1))
    store.promote(old)

    killed_at(point, promote, tmp_path, new)

    assert store.champion() == (new if is_done else old)
    store.promote(new)
    record = json.loads((Home(tmp_path).models / "champion.json").read_bytes())
    assert record == {"bundle_id": new, "history": [old]}


@pytest.mark.parametrize(("point", "is_done"), PROMOTING.items())
def test_a_killed_first_promotion_or_rollback_does_too(tmp_path, point, is_done):
    store = ModelStore(Home(tmp_path))
    old, new = store.write(draft()), store.write(draft(second=1))

    killed_at(point, promote, tmp_path, old)
    assert store.champion() == (old if is_done else None)

    store.promote(old)
    store.promote(new)
    killed_at(point, roll_back, tmp_path)
    assert store.champion() == (old if is_done else new)


def test_every_point_of_the_registry_is_tried():
    loads = ("materialize.", "rebuild.")
    registry = {point for point in FAILPOINTS if not point.startswith(loads)}
    assert registry == {*WRITING, *PROMOTING}
