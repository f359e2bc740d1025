"""A bundle is accepted exactly as it was written and signed, or refused naming the file."""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
import stat

import msgspec
import pytest

from model_registry.errors import BundleNotFound, BundleRefused
from model_registry.home import Home
from model_registry.signing import KeyUnusable
from model_registry.store import ModelStore
from tests.bundle_drafts import FILES, draft


@pytest.fixture
def home(tmp_path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def store(home) -> ModelStore:
    return ModelStore(home)


def test_what_was_written_is_read_back_with_its_manifest(store):
    bundle_id = store.write(draft())
    bundle = store.open(bundle_id)
    assert bundle.files == FILES
    assert bundle.manifest.bundle_id == bundle_id
    assert bundle.manifest.summary_metrics == {"map_at_7": 0.5}
    assert store.list() == [bundle_id]
    store.verify(bundle_id)


def test_a_manifest_that_could_not_be_read_again_is_never_signed(home, store):
    made = draft()
    undefined = msgspec.structs.replace(made.manifest, summary_metrics={"map_at_7": math.nan})
    with pytest.raises(BundleRefused, match="nothing was signed"):
        store.write(dataclasses.replace(made, manifest=undefined))
    assert store.list() == []
    assert not home.keys.exists()


def test_the_id_tells_when_and_what(store):
    first, again = store.write(draft()), store.write(draft())
    later = store.write(draft(second=1))
    other = store.write(draft(second=1, files={"propensity.txt": b"other"}))
    assert first == again
    assert len({first, later, other}) == 3
    assert first.split("-")[1] == later.split("-")[1]
    assert store.list()[0] == first


def test_the_newest_bundle_is_the_one_created_last(store):
    with pytest.raises(BundleNotFound, match="nbo train"):
        store.newest()
    later = store.write(draft(second=9))
    store.write(draft(second=5))
    assert store.newest() == later


@pytest.mark.parametrize("name", [*FILES, "manifest.json", "manifest.sig"])
@pytest.mark.parametrize("position", [0, -1])
def test_one_flipped_bit_is_refused_naming_the_file(home, store, name, position):
    bundle_id = store.write(draft())
    path = home.models / bundle_id / name
    data = bytearray(path.read_bytes())
    data[position] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(BundleRefused, match=name.replace(".", r"\.")):
        store.verify(bundle_id)


@pytest.mark.parametrize("name", [*FILES, "manifest.json", "manifest.sig"])
def test_a_truncated_or_missing_file_is_refused_naming_it(home, store, name):
    bundle_id = store.write(draft())
    path = home.models / bundle_id / name
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(BundleRefused, match=name.replace(".", r"\.")):
        store.verify(bundle_id)
    path.unlink()
    with pytest.raises(BundleRefused, match=name.replace(".", r"\.")):
        store.verify(bundle_id)


def test_an_extra_file_is_refused_naming_it(home, store):
    bundle_id = store.write(draft())
    (home.models / bundle_id / "payload.pkl").write_bytes(b"")
    with pytest.raises(BundleRefused, match=r"payload\.pkl does not belong"):
        store.verify(bundle_id)


def test_a_bundle_signed_by_a_foreign_key_is_refused_until_the_key_is_trusted(tmp_path):
    theirs, ours = Home(tmp_path / "theirs"), Home(tmp_path / "ours")
    bundle_id = ModelStore(theirs).write(draft())
    ModelStore(ours).write(draft(second=30))
    shutil.copytree(theirs.models / bundle_id, ours.models / bundle_id)
    with pytest.raises(BundleRefused, match=r"manifest\.sig is by a foreign key"):
        ModelStore(ours).open(bundle_id)
    for public in (theirs.keys / "trusted").iterdir():
        shutil.copy(public, ours.keys / "trusted")
    ModelStore(ours).verify(bundle_id)


def test_a_manifest_rewritten_to_match_altered_files_is_refused(home, store):
    bundle_id = store.write(draft())
    directory = home.models / bundle_id
    (directory / "rates.json").write_bytes(b"[]")
    manifest = json.loads((directory / "manifest.json").read_bytes())
    manifest["files"]["rates.json"] = "0" * 64
    (directory / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BundleRefused, match=r"manifest\.json or manifest\.sig was altered"):
        store.verify(bundle_id)


def test_a_bundle_under_another_name_is_refused(home, store):
    bundle_id = store.write(draft())
    (home.models / bundle_id).rename(home.models / "20260701T120000-other")
    with pytest.raises(BundleRefused, match=bundle_id):
        store.verify("20260701T120000-other")


@pytest.mark.parametrize("name", ["absent", "../keys", "", ".hidden"])
def test_a_name_that_is_no_bundle_is_not_found(store, name):
    store.write(draft())
    with pytest.raises(BundleNotFound, match="nbo models list"):
        store.open(name)


def test_the_private_key_is_its_owners_alone(home, store):
    store.write(draft())
    assert stat.S_IMODE((home.keys / "signing.key").stat().st_mode) == 0o600


def test_a_damaged_key_is_named(home, store):
    store.write(draft())
    (home.keys / "signing.key").write_bytes(b"not a key")
    with pytest.raises(KeyUnusable, match=r"signing\.key is damaged"):
        store.write(draft(second=2))


def test_promotion_and_rollback_walk_through_the_champions(home, store):
    first, second = store.write(draft()), store.write(draft(second=1))
    assert store.champion() is None
    store.promote(first)
    store.promote(second)
    store.promote(second)
    assert store.champion() == second
    assert json.loads((home.models / "champion.json").read_bytes())["bundle_id"] == second
    assert store.rollback() == first
    assert store.champion() == first
    with pytest.raises(BundleNotFound, match="no champion before"):
        store.rollback()


def test_a_damaged_bundle_cannot_be_promoted_nor_rolled_back_to(home, store):
    first, second = store.write(draft()), store.write(draft(second=1))
    store.promote(first)
    store.promote(second)
    (home.models / first / "rates.json").write_bytes(b"?")
    with pytest.raises(BundleRefused, match=r"rates\.json"):
        store.rollback()
    with pytest.raises(BundleRefused, match=r"rates\.json"):
        store.promote(first)
    assert store.champion() == second


def test_a_damaged_champion_file_is_named(home, store):
    store.promote(store.write(draft()))
    (home.models / "champion.json").write_bytes(b"{")
    with pytest.raises(BundleRefused, match=r"champion\.json is damaged"):
        store.champion()


def test_a_stale_draft_folder_is_neither_listed_nor_in_the_way(home, store):
    store.write(draft())
    (home.models / ".20260701T120000-half.77").mkdir()
    assert len(store.list()) == 1
