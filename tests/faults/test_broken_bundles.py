"""Bundles that are gone, damaged, foreign or deadly: refused with a reason, and nobody dies."""

from __future__ import annotations

import asyncio
import hashlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from model_registry import trial_load
from model_registry.errors import BundleRefused
from model_registry.home import Home
from model_registry.manifest import BundleDraft
from model_registry.ranker_store import RankerStore
from model_registry.store import ModelStore
from model_registry.trial_load import try_to_load
from service.adapters.model_releases import ModelReleases
from service.ports import OpenedRelease
from service.use_cases.follow_promotions import RETRY_POLLS, FollowPromotions
from tests.faults.conftest import ToyInstallation
from tests.scored_bundle import model_text, scored_draft
from tests.toy_bank import identity
from tests.toy_release import toy_edition, toy_release
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


def test_a_registry_that_goes_away_while_serving_is_no_promotion_of_nothing(tmp_path: Path) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("nothing was promoted")

    edition = toy_edition(toy_release())
    shelf = ModelReleases(Home(tmp_path), identity(), prefers_compiled=False, tries_first=False)
    follow = FollowPromotions(shelf, edition=lambda: edition, record=fail, adopt=fail, refuse=fail)

    async def look_often() -> None:
        for _ in range(2 * RETRY_POLLS):
            await follow.look()

    asyncio.run(look_often())


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
    rates = installation.store.open(champion).file("rates.json")
    files = draft.files | {"propensity.txt": deadly(model_text()), "rates.json": rates}
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
    assert "ends the process that loads it" in release.detail


def appoint(installation: ToyInstallation, bundle: str) -> None:
    """Make it the champion as a promotion on another machine would have."""
    alias = installation.home.models / "champion.json"
    alias.write_bytes(msgspec.json.encode({"bundle_id": bundle}))


def test_a_trial_runs_nothing_that_lies_in_the_working_directory(
    installation: ToyInstallation,
    champion: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "numpy.py").write_text("raise SystemExit(9)\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    try_to_load(Home(installation.home.root.resolve()), champion, prefers_compiled=False)


def test_a_trial_that_needs_too_much_memory_or_time_is_a_refusal(
    installation: ToyInstallation, champion: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial_load, "MOST_SECONDS", 0.01)
    with pytest.raises(BundleRefused, match="did not load within"):
        try_to_load(installation.home, champion, prefers_compiled=False)


def test_a_refused_champion_that_is_promoted_again_is_looked_at_at_once() -> None:
    shelf = _Shelf("broken")
    refused: list[OpenedRelease] = []
    edition = toy_edition(toy_release())
    following = FollowPromotions(
        shelf,
        edition=lambda: edition,
        record=_never,
        adopt=lambda *_: None,
        refuse=refused.append,
    )

    async def promote(*bundles: str) -> None:
        for shelf.bundle in bundles:
            await following.look()

    asyncio.run(promote("broken", "broken", toy_release().bundle_id, "broken"))
    assert len(refused) == 2


async def _never(_: OpenedRelease) -> None:
    raise AssertionError("what is refused is not put on record")


@dataclass
class _Shelf:
    """Nothing on it can be used."""

    bundle: str

    def ids(self) -> list[str]:
        return [self.bundle]

    def champion(self) -> str | None:
        return self.bundle

    def open_champion(self) -> OpenedRelease:
        return OpenedRelease(None, "damaged", is_refused=True)
