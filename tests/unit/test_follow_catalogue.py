"""A changed catalogue is taken over while serving: whole, checked, kept; nothing else changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from model_registry.home import Home
from service.adapters.catalogue_archive import CatalogueArchive
from service.adapters.catalogue_files import CatalogueFiles
from service.adapters.catalogue_folder import CatalogueFolder
from service.adapters.catalogue_source import CatalogueSource
from service.domain.catalogue import Catalogue
from service.domain.kill_switches import KillSwitches
from service.errors import CatalogueInvalid, LogUnavailable
from service.use_cases.edition import Edition, compose_edition
from service.use_cases.follow_catalogue import POLL_SECONDS, RETRY_POLLS, FollowCatalogue
from tests.toy_catalogue_files import Files, offer, toy_files, written
from tests.toy_release import toy_release

VOCABULARY = ("account", "card")


@dataclass
class Served:
    """A service's edition, its catalogue folder and the follower between them."""

    folder: Path
    home: Home
    shelf: CatalogueFolder
    edition: Edition
    refused: list[str] = field(default_factory=list)
    recorded: list[str] = field(default_factory=list)
    log_failures: int = 0
    adoptions: int = 0
    agreed: int = 0

    @classmethod
    def at(cls, root: Path) -> Served:
        """A toy bank that has just started."""
        folder, home = root / "catalogue", Home(root / "home")
        folder.mkdir()
        written(folder, toy_files())
        files = CatalogueFiles(folder, product_vocabulary=VOCABULARY)
        shelf = CatalogueFolder(folder, files, CatalogueArchive(home))
        return cls(folder, home, shelf, compose_edition(shelf.open(), None, VOCABULARY))

    async def record(self, catalogue: Catalogue) -> None:
        assert self.edition.catalogue is not catalogue  # it is not in use yet
        if self.log_failures:
            self.log_failures -= 1
            raise LogUnavailable("the log is full")
        self.recorded.append(catalogue.version)

    def adopt(self, edition: Edition) -> None:
        self.edition = edition
        self.adoptions += 1

    def agree(self) -> None:
        self.agreed += 1

    def save(self, change: Callable[[Files], Any], *names: str) -> None:
        """Write the changed files, all or some of them."""
        files = toy_files()
        change(files)
        written(self.folder, {name: files[name] for name in names or files})

    def follower(self, shelf: Any = None) -> FollowCatalogue[Any]:
        return FollowCatalogue(
            shelf or self.shelf,
            edition=lambda: self.edition,
            record=self.record,
            adopt=self.adopt,
            refuse=self.refused.append,
            agree=self.agree,
        )


@pytest.fixture
def served(tmp_path: Path) -> Served:
    return Served.at(tmp_path)


def dearer(files: Files) -> None:
    offer(files)["value"] = 21.0


def looked(follower: FollowCatalogue[Any], times: int = 1) -> None:
    async def look() -> None:
        for _ in range(times):
            await follower.look()

    asyncio.run(look())


def test_a_change_is_taken_over_at_the_second_look_that_finds_it(served: Served) -> None:
    follower = served.follower()
    looked(follower, 3)
    assert served.adoptions == 0
    served.save(dearer)
    looked(follower)
    assert served.edition.catalogue.values[0] == 20.0
    looked(follower)
    assert served.edition.catalogue.values[0] == 21.0
    assert served.edition.versions.catalogue == served.edition.catalogue.version
    looked(follower, 3)
    assert (served.adoptions, served.refused) == (1, [])


def test_what_is_in_use_is_not_taken_over_again_when_only_its_times_change(served: Served) -> None:
    follower = served.follower()
    looked(follower, 2)
    served.save(lambda _: None)
    looked(follower, 3)
    assert served.adoptions == 0


def test_files_saved_one_by_one_are_never_adopted_half(served: Served) -> None:
    def new_channel(files: Files) -> None:
        channels = files["policy"]["channels"]
        channels["ivr"] = channels["mobile_app"] | {"placements": {"announcement": 1}}
        offer(files, 1)["channels"] = ["mobile_app", "sms", "ivr"]
        files["treatments"]["treatments"].append(
            files["treatments"]["treatments"][1] | {"channel": "ivr"}
        )

    follower = served.follower()
    looked(follower, 2)
    for name in ("offers", "treatments", "policy"):
        served.save(new_channel, name)
        looked(follower)
        assert (served.adoptions, served.refused) == (0, [])
    looked(follower)
    assert "ivr" in served.edition.catalogue.in_channel


def test_an_invalid_version_is_refused_once_and_the_old_one_stays(served: Served) -> None:
    follower = served.follower()
    before = served.edition
    served.save(lambda files: offer(files).update(eligibility="incme_monthly > 1"))
    looked(follower, 6)
    assert served.edition is before
    (reason,) = served.refused
    assert "offers.yaml:" in reason
    assert "did you mean income_monthly?" in reason
    served.save(dearer)
    looked(follower, 2)
    assert served.edition.catalogue.values[0] == 21.0
    assert len(served.refused) == 1


def test_a_refused_version_stands_until_what_is_in_use_lies_there_again(served: Served) -> None:
    follower = served.follower()
    looked(follower, 2)
    agreed = served.agreed
    served.save(lambda files: offer(files).update(eligibility="incme_monthly > 1"))
    looked(follower, 6)
    assert (len(served.refused), served.agreed) == (1, agreed)
    served.save(lambda _: None)
    looked(follower, 2)
    assert (served.adoptions, served.agreed) == (0, agreed + 1)


@pytest.mark.parametrize("zone", ["America", "Europe/Middle_Earth"])
def test_a_zone_that_is_none_is_refused_with_its_line_and_the_old_version_stays(
    served: Served, zone: str
) -> None:
    follower, before = served.follower(), served.edition
    served.save(lambda files: files["policy"].update(time_zone=zone))
    looked(follower, 6)
    assert served.edition is before
    (reason,) = served.refused
    assert f"policy.yaml:1: time_zone {zone} is unknown" in reason
    served.save(dearer)
    looked(follower, 2)
    assert served.edition.catalogue.values[0] == 21.0


@pytest.mark.parametrize("name", ["offers", "policy", "treatments"])
def test_a_file_that_vanishes_changes_nothing(served: Served, name: str) -> None:
    follower = served.follower()
    looked(follower, 2)
    (served.folder / f"{name}.yaml").unlink()
    looked(follower, 4)
    assert served.adoptions == 0
    assert len(served.refused) == 1
    assert f"{name}.yaml" in served.refused[0]


class Interrupted(CatalogueFolder):
    """A folder during whose next reading or taking something else happens."""

    def __init__(self, folder: CatalogueFolder, **meanwhile: Callable[[], None]) -> None:
        self.__dict__.update(vars(folder))
        self.meanwhile = meanwhile

    def read(self) -> CatalogueSource:
        source = super().read()
        self.meanwhile.pop("read", lambda: None)()
        return source

    def take(self, source: CatalogueSource) -> Catalogue:
        catalogue = super().take(source)
        self.meanwhile.pop("take", lambda: None)()
        return catalogue


def test_a_bundle_and_switches_that_came_while_it_was_read_stay(served: Served) -> None:
    release, kills = toy_release(), KillSwitches(models=frozenset("m"))

    def promote() -> None:
        served.edition = compose_edition(served.edition.catalogue, release, VOCABULARY, kills=kills)

    follower = served.follower(Interrupted(served.shelf, take=promote))
    served.save(dearer)
    looked(follower, 2)
    assert served.edition.catalogue.values[0] == 21.0
    assert served.edition.release is release
    assert served.edition.versions.model == release.bundle_id
    assert served.edition.kills is kills


def test_files_written_while_they_are_read_are_looked_at_again(served: Served) -> None:
    busy = Interrupted(served.shelf, read=lambda: served.save(dearer, "offers"))
    follower = served.follower(busy)
    served.save(lambda files: offer(files).update(value=5.0))
    looked(follower, 2)
    assert (served.adoptions, served.refused) == (0, [])
    looked(follower, 2)
    assert served.edition.catalogue.values[0] == 21.0


def test_a_version_that_cannot_be_kept_is_not_used_until_it_can(served: Served) -> None:
    follower = served.follower()
    looked(follower, 2)
    archive = served.home.root / "catalogues"
    archive.rename(archive.with_name("elsewhere"))
    archive.write_text("a file where the folder should be")
    served.save(dearer)
    looked(follower, 5)
    assert served.adoptions == 0
    (reason,) = served.refused
    assert "cannot be kept for replays" in reason
    archive.unlink()
    looked(follower, RETRY_POLLS)
    assert served.edition.catalogue.values[0] == 21.0


def test_a_version_that_cannot_be_put_on_record_is_not_used_until_it_can(served: Served) -> None:
    follower = served.follower()
    before, served.log_failures = served.edition, 1
    served.save(dearer)
    looked(follower, 5)
    assert served.edition is before
    assert (served.refused, served.recorded) == (["the log is full"], [])
    looked(follower, RETRY_POLLS)
    assert served.edition.catalogue.values[0] == 21.0
    assert served.recorded == [served.edition.catalogue.version]


def test_runs_within_a_second_beside_other_work(served: Served) -> None:
    async def serve() -> None:
        following = asyncio.create_task(served.follower().run())
        await asyncio.sleep(0)
        served.save(dearer)
        async with asyncio.timeout(1.0):
            while not served.adoptions:
                await asyncio.sleep(POLL_SECONDS / 25)
        following.cancel()

    asyncio.run(serve())
    assert served.edition.catalogue.values[0] == 21.0


def test_every_version_in_use_can_be_opened_again(served: Served) -> None:
    first = served.edition.catalogue
    served.save(dearer)
    looked(served.follower(), 2)
    second = served.edition.catalogue
    for kept in (first, second):
        opened = CatalogueArchive(served.home).open(kept.version, kept.policy.version)
        assert opened.values.tolist() == kept.values.tolist()
        assert (opened.version, opened.policy.version) == (kept.version, kept.policy.version)


def test_a_kept_version_that_is_missing_or_was_changed_is_refused(served: Served) -> None:
    catalogue = served.edition.catalogue
    archive = CatalogueArchive(served.home)
    kept = served.home.root / "catalogues" / f"{catalogue.version}-{catalogue.policy.version}"
    with pytest.raises(CatalogueInvalid, match=r"is missing: restore"):
        archive.open("0" * 16, catalogue.policy.version)
    with pytest.raises(CatalogueInvalid, match="no version"):
        archive.open("../../etc", catalogue.policy.version)
    offers = kept / "offers.yaml"
    offers.write_bytes(offers.read_bytes().replace(b"20", b"99"))
    with pytest.raises(CatalogueInvalid, match="was changed"):
        archive.open(catalogue.version, catalogue.policy.version)


def test_a_kept_version_is_complete_or_not_there(served: Served) -> None:
    class FullDisk(dict[str, bytes]):
        def items(self) -> Any:
            yield "offers.yaml", b"half"
            raise OSError("disk full")

    another = served.shelf.read().contents | {"offers.yaml": b"another"}
    with pytest.raises(OSError, match="disk full"):
        CatalogueArchive(served.home).keep(CatalogueSource(FullDisk(another)))
    catalogue = served.edition.catalogue
    kept = [one.name for one in (served.home.root / "catalogues").iterdir()]
    assert kept == [f"{catalogue.version}-{catalogue.policy.version}"]
