"""Opens and fills the Feast registry of one bank; everything in it follows from the contract."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml

from feature_repo.contained_feast import quiet_feast
from feature_repo.errors import FeaturesAbsent, StoreAddressInvalid
from feature_repo.online_layout import project_name
from feature_repo.views import SERVICE, definitions

# isort: split
from feast import FeatureStore, RepoConfig

WRITE_BATCH_ROWS = 5_000
"""Without a batch size Feast 0.67 writes only the first Arrow batch of a view."""

_NOWHERE = "redis://localhost:6379"

CONNECTION_VARIABLE = "NBO_FEAST_REDIS"
"""Where Feast's own command line finds Redis, in Feast's notation (`host:port,password=…`)."""


def settings(features: Path, bank: str, connection: str) -> dict[str, object]:
    """Feast's settings for the bank whose features lie in this directory."""
    return {
        "project": project_name(bank),
        "provider": "local",
        "registry": {
            "path": str((features / "registry.db").absolute()),
            # Else a killed materialisation would refuse reads until the next one has ended.
            "serve_features_while_materializing": True,
        },
        "offline_store": {"type": "duckdb"},
        "online_store": {
            "type": "redis",
            "connection_string": connection,
            # A load replaces what is there, also when an import is repeated for the same days.
            "skip_dedup": True,
        },
        "materialization": {"online_write_batch_size": WRITE_BATCH_ROWS},
        "entity_key_serialization_version": 3,
    }


def apply(features: Path, bank: str, redis_url: str | None = None) -> FeatureStore:
    """Register entity, views and service, write `feature_store.yaml`, and return the open store.

    The file is for Feast's own command line; it names a variable instead of the Redis address,
    which may carry a password.
    """
    _require_sources(features)
    _write_settings(features, bank)
    store = _open(settings(features, bank, connection_string(redis_url or _NOWHERE)))
    with quiet_feast():
        store.apply([*definitions(features)])
    return store


def open_store(features: Path, bank: str, redis_url: str | None = None) -> FeatureStore:
    """The bank's store; `FeaturesAbsent` when never applied (Feast would create it empty)."""
    chosen = settings(features, bank, connection_string(redis_url or _NOWHERE))
    if not (features / "registry.db").exists():
        raise FeaturesAbsent(f"no feature registry in {features}: run `nbo features apply`")
    store = _open(chosen)
    if SERVICE not in {service.name for service in store.list_feature_services()}:
        raise FeaturesAbsent(
            f"bank {bank} is not in the feature registry of {features}: run `nbo features apply`"
        )
    return store


def connection_string(redis_url: str) -> str:
    """A redis:// or rediss:// address as Feast wants it; `StoreAddressInvalid` for another kind."""
    parts = urlsplit(redis_url)
    if parts.scheme not in {"redis", "rediss"} or not parts.hostname:
        raise StoreAddressInvalid(
            f"Feast reaches Redis over redis:// or rediss:// only, not {parts.scheme}://:"
            " set NBO_REDIS_URL"
        )
    options = [f"{parts.hostname}:{parts.port or 6379}"]
    if database := parts.path.strip("/"):
        options.append(f"db={database}")
    if parts.username:
        options.append(f"username={unquote(parts.username)}")
    if parts.password:
        options.append(f"password={unquote(parts.password)}")
    if parts.scheme == "rediss":
        options.append("ssl=true")
    return ",".join(options)


def _write_settings(features: Path, bank: str) -> None:
    text = yaml.safe_dump(settings(features, bank, f"${{{CONNECTION_VARIABLE}}}"), sort_keys=False)
    temporary = features / "feature_store.yaml.tmp"
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    temporary.replace(features / "feature_store.yaml")


def _open(chosen: dict[str, object]) -> FeatureStore:
    with quiet_feast():
        return FeatureStore(config=RepoConfig(**chosen))


def _require_sources(features: Path) -> None:
    if not features.is_dir() or not any(features.glob("*.parquet")):
        raise FeaturesAbsent(f"no features in {features}: run `nbo features materialize` first")
