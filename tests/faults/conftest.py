"""The toy bank trained once, its features on a Redis of its own, for every fault to start from."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from redis import Redis

from model_registry.home import Home
from model_registry.manifest import BundleDraft
from model_registry.store import ModelStore
from service.settings import Settings
from tests.faults.redis_process import RedisProcess, redis_process
from tests.faults.served_bank import inherited
from tests.toy_bank import install, toy_tables
from tests.toy_catalogue_files import toy_files, written

LONG_AGO, FAR_AWAY = datetime(2020, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class ToyInstallation:
    """A home with two bundles, the first promoted, its catalogue, and its loaded Redis."""

    home: Home
    catalogue: Path
    redis: RedisProcess
    bundles: tuple[str, str]

    @property
    def store(self) -> ModelStore:
        """Its bundles."""
        return ModelStore(self.home)

    def environment(self, **changes: str) -> dict[str, str]:
        """What `nbo` needs to work on it."""
        return inherited() | {
            "NBO_HOME": str(self.home.root),
            "NBO_CATALOGUE": str(self.catalogue),
            "NBO_REDIS_URL": self.redis.url,
            **changes,
        }

    def settings(self, **changes: Any) -> Settings:
        """The same for a service in this process."""
        here = {"home": self.home.root, "catalogue": str(self.catalogue)}
        return Settings(**(here | {"redis_url": self.redis.url} | changes))

    def another_bundle(self, number: int, files: dict[str, bytes] | None = None) -> str:
        """The first bundle signed again under a later date, with these files changed."""
        bundle = self.store.open(self.bundles[0])
        later = bundle.manifest.created_at + timedelta(seconds=number)
        manifest = msgspec.structs.replace(bundle.manifest, created_at=later)
        return self.store.write(BundleDraft(manifest, bundle.files | (files or {})))


@pytest.fixture(scope="module")
def server() -> Iterator[RedisProcess]:
    """An empty Redis of the module's own."""
    with redis_process() as started:
        yield started


@pytest.fixture(scope="session")
def trained_home(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[str, str], dict]:
    """A home nobody changes, its bundles, and the keys its load wrote."""
    from training.config import TrainConfig
    from training.features.build import build_features
    from training.features.online import materialize
    from training.train import train

    home = install(tmp_path_factory.mktemp("trained") / "home", toy_tables())
    home.write_bank(msgspec.structs.replace(home.bank(), imported_at=datetime.now(UTC)))
    build_features(home)
    with redis_process() as server, server.client() as client:
        materialize(home, server.url)
        keys = {key: client.dump(key) for key in client.scan_iter()}
    store = ModelStore(home)
    first = train(home, TrainConfig(threads=1)).bundle_id
    bundle = store.open(first)
    later = bundle.manifest.created_at + timedelta(seconds=1)
    manifest = msgspec.structs.replace(bundle.manifest, created_at=later)
    second = store.write(BundleDraft(manifest, dict(bundle.files)))
    store.promote(first)
    return home.root, (first, second), keys


@pytest.fixture(scope="module")
def installation(
    trained_home: tuple[Path, tuple[str, str], dict], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ToyInstallation]:
    """A copy for one module to hurt."""
    root, bundles, keys = trained_home
    folder = tmp_path_factory.mktemp("toy")
    shutil.copytree(root, folder / "home")
    (folder / "catalogue").mkdir()
    files = toy_files()
    files["offers"]["offers"][0] |= {"valid_from": LONG_AGO, "valid_until": FAR_AWAY}
    catalogue = written(folder / "catalogue", files)
    with redis_process() as server:
        restore(server, keys)
        yield ToyInstallation(Home(folder / "home"), catalogue, server, bundles)


@pytest.fixture
def reload(installation: ToyInstallation, trained_home: tuple[Path, Any, dict]):
    """Loads the online features again, as `nbo features materialize` does."""
    return lambda: restore(installation.redis, trained_home[2])


def restore(server: RedisProcess, keys: dict[bytes, bytes]) -> None:
    """Make the server hold what a load wrote, and nothing else."""
    with server.client() as client:
        restore_through(client, keys)


def restore_through(client: Redis, keys: dict[bytes, bytes]) -> None:
    """The same on a server that is somebody else's to find."""
    client.flushdb()
    for key, value in keys.items():
        client.restore(key, 0, value)
