"""Bundles that are gone, damaged, foreign or deadly: refused with a reason, and nobody dies."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from model_registry.home import Home
from model_registry.manifest import BundleDraft
from model_registry.ranker_store import RankerStore
from model_registry.store import ModelStore
from service.adapters.model_releases import ModelReleases
from service.ports import OpenedRelease
from tests.faults.conftest import ToyInstallation
from tests.scored_bundle import model_text, scored_draft
from training.ranker.building import build_ranker

DEADLY = "#include <stdlib.h>\n__attribute__((constructor)) static void die(void) { abort(); }\n"


@pytest.fixture
def champion(installation: ToyInstallation) -> Iterator[str]:
    """The promoted bundle, whole again afterwards."""
    bundle = installation.bundles[0]
    folder = installation.home.models / bundle
    intact = installation.home.root / "intact"
    shutil.copytree(folder, intact)
    yield bundle
    shutil.rmtree(folder, ignore_errors=True)
    intact.rename(folder)
    installation.home.models.joinpath("champion.json").unlink(missing_ok=True)
    installation.store.promote(bundle)


def opened(installation: ToyInstallation, *, tries_first: bool = False) -> OpenedRelease:
    home = installation.home
    return ModelReleases(
        home, home.bank(), prefers_compiled=True, tries_first=tries_first
    ).open_champion()


def assert_refused(release: OpenedRelease, because: str) -> None:
    assert (release.release, release.is_refused) == (None, True)
    assert because in release.detail
    assert release.degraded_reasons == ("model_refused",)


def test_a_registry_that_is_missing_at_start_is_a_bank_without_a_model(
    installation: ToyInstallation, champion: str
) -> None:
    installation.home.models.rename(installation.home.root / "elsewhere")
    try:
        release = opened(installation)
    finally:
        shutil.rmtree(installation.home.models, ignore_errors=True)
        (installation.home.root / "elsewhere").rename(installation.home.models)
    assert (release.release, release.is_refused) == (None, False)
    assert release.degraded_reasons == ("model_missing",)
    assert "nbo models promote" in release.detail


@pytest.mark.parametrize("name", ["propensity.txt", "calibrators.npz", "rates.json"])
@pytest.mark.parametrize("damage", ["truncated", "flipped", "missing"])
def test_a_damaged_file_refuses_the_bundle_and_is_named(
    installation: ToyInstallation, champion: str, name: str, damage: str
) -> None:
    file = installation.home.models / champion / name
    content = bytearray(file.read_bytes())
    if damage == "missing":
        file.unlink()
    elif damage == "truncated":
        file.write_bytes(content[: len(content) // 2])
    else:
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    assert_refused(opened(installation), name)


def test_an_alias_that_is_damaged_or_names_nothing_refuses(
    installation: ToyInstallation, champion: str
) -> None:
    alias = installation.home.models / "champion.json"
    alias.write_bytes(b"\x00")
    assert_refused(opened(installation), "champion.json is damaged")
    alias.write_bytes(b'{"bundle_id":"20200101T000000-0123456789ab"}')
    assert_refused(opened(installation), "no bundle")


def test_a_bundle_signed_elsewhere_is_refused(
    installation: ToyInstallation, champion: str, tmp_path: Path
) -> None:
    elsewhere = ModelStore(Home(tmp_path))
    foreign = elsewhere.write(scored_draft(second=7))
    shutil.copytree(tmp_path / "models" / foreign, installation.home.models / foreign)
    appoint(installation, foreign)
    assert_refused(opened(installation), "foreign key")


def test_another_bank_s_bundle_is_refused(installation: ToyInstallation, champion: str) -> None:
    appoint(installation, installation.store.write(scored_draft(bank="other", second=8)))
    assert_refused(opened(installation), "trained for bank other")


@pytest.mark.parametrize("name", ["propensity.txt", "calibrators.npz", "golden.npz", "rates.json"])
def test_a_signed_file_of_garbage_is_refused_and_ends_nothing(
    installation: ToyInstallation, champion: str, name: str
) -> None:
    appoint(installation, installation.another_bundle(20, {name: b"\x00garbage" * 9}))
    assert_refused(opened(installation), name)


def test_a_signed_model_that_kills_its_loader_kills_a_child_and_is_refused(
    installation: ToyInstallation, champion: str
) -> None:
    draft = scored_draft(second=9)
    files = draft.files | {"propensity.txt": deadly(model_text())}
    appoint(installation, installation.store.write(BundleDraft(draft.manifest, files)))
    assert_refused(opened(installation, tries_first=True), "ends the process that loads it")


def deadly(text: str) -> bytes:
    """The same trees, one of whose branches leads nowhere: scoring follows it."""

    def astray(match: re.Match[str]) -> str:
        return "left_child=" + " ".join(["1000000"] * len(match[1].split()))

    return re.sub(r"^left_child=(.*)$", astray, text, flags=re.MULTILINE).encode()


def test_a_signed_ranker_that_kills_its_loader_gives_way_to_lightgbm(
    installation: ToyInstallation, champion: str, tmp_path: Path
) -> None:
    home, store = installation.home, RankerStore(installation.home)
    build_ranker(home, champion)
    (tmp_path / "die.c").write_text(DEADLY)
    compiler = ["cc", "-shared", "-fPIC", "die.c", "-o", "die.so"]
    subprocess.run(compiler, cwd=tmp_path, check=True)
    library = (tmp_path / "die.so").read_bytes()
    record = store.open(installation.store.manifest(champion)).record
    digest = hashlib.sha256(library).hexdigest()
    store.write(msgspec.structs.replace(record, library_sha256=digest), library)
    try:
        release = opened(installation, tries_first=True)
    finally:
        shutil.rmtree(home.rankers)
    assert release.release is not None
    assert release.ranker == "lightgbm"


def appoint(installation: ToyInstallation, bundle: str) -> None:
    """Make it the champion as a promotion on another machine would have."""
    alias = installation.home.models / "champion.json"
    alias.write_bytes(msgspec.json.encode({"bundle_id": bundle}))
