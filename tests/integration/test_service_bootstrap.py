"""From an `NBO_HOME` on disk to a warm service: what is ready, what is refused, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar.testing import TestClient

from model_registry.errors import HomeInvalid
from model_registry.home import Home
from model_registry.store import ModelStore
from service.asgi import create_app
from service.errors import CatalogueInvalid, SettingsInvalid
from service.settings import Settings
from tests.redis_server import private_redis
from tests.toy_bank import CUSTOMERS, PRODUCTS, install, toy_tables
from tests.toy_catalogue_files import toy_files, written
from training.config import TrainConfig
from training.features.build import build_features
from training.features.online import materialize
from training.train import train

ASK = {"customer_id": CUSTOMERS[0], "channel": "mobile_app", "locale": "en", "explain": True}


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with private_redis() as url:
        yield url


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> tuple[Home, str]:
    """The toy bank with its features online and one bundle that nobody promoted."""
    home = install(tmp_path_factory.mktemp("home"), toy_tables())
    home.write_bank(msgspec.structs.replace(home.bank(), imported_at=datetime.now(UTC)))
    build_features(home)
    materialize(home, redis_url)
    return home, train(home, TrainConfig(threads=1)).bundle_id


@pytest.fixture
def settings(trained: tuple[Home, str], redis_url: str, tmp_path: Path) -> Iterator[Settings]:
    """The toy bank with that bundle promoted."""
    home, bundle_id = trained
    catalogue = written(tmp_path, toy_files())
    ModelStore(home).promote(bundle_id)
    yield Settings(home=home.root, redis_url=redis_url, catalogue=str(catalogue))
    (home.models / "champion.json").unlink(missing_ok=True)


def started(settings: Settings) -> tuple[int, dict[str, Any], dict[str, Any]]:
    """Status and body of readiness, and the answer to one decision."""
    with TestClient(create_app(settings)) as client:
        ready = client.get("/health/ready")
        answer = client.post("/v1/decisions", json=ASK)
        assert answer.status_code == 200, answer.text
        return ready.status_code, ready.json(), answer.json()


def failed_check(ready: dict[str, Any]) -> str:
    (failed,) = (check["detail"] for check in ready["checks"] if not check["passed"])
    return str(failed)


def test_a_home_with_bank_model_and_features_serves_full_answers(settings: Settings) -> None:
    status, _, answer = started(settings)
    assert status == 200
    assert answer["served_from"] == "full"
    assert answer["versions"]["model"] == ModelStore(Home(settings.home)).champion()


def test_the_service_is_ready_while_redis_is_away(settings: Settings) -> None:
    status, _, answer = started(replace(settings, redis_url="redis://127.0.0.1:1/0"))
    assert status == 200
    assert answer["degraded_reasons"] == ["state_unavailable"]


def test_a_bank_that_promoted_nothing_yet_is_served_in_business_order(settings: Settings) -> None:
    (Home(settings.home).models / "champion.json").unlink()
    status, ready, answer = started(settings)
    assert status == 200
    details = {check["name"]: check["detail"] for check in ready["checks"]}
    assert "nbo models promote" in details["model"]
    assert answer["versions"]["model"] is None
    assert "model_missing" in answer["degraded_reasons"]


def test_an_altered_bundle_is_refused_by_name_and_the_service_still_answers(
    settings: Settings,
) -> None:
    bundle = ModelStore(Home(settings.home)).champion()
    model = Home(settings.home).models / str(bundle) / "propensity.txt"
    intact = model.read_bytes()
    model.write_bytes(intact.replace(b"tree", b"trea", 1))
    try:
        status, ready, answer = started(settings)
    finally:
        model.write_bytes(intact)
    assert status == 503
    assert "propensity.txt was altered" in failed_check(ready)
    assert answer["versions"]["model"] is None
    assert "model_refused" in answer["degraded_reasons"]


@pytest.mark.parametrize(
    "change", [{"bank": "other"}, {"product_vocabulary": list(PRODUCTS[::-1])}]
)
def test_a_bundle_of_another_bank_or_other_products_is_refused(
    settings: Settings, tmp_path: Path, change: dict[str, Any]
) -> None:
    home = Home(settings.home)
    identity = home.bank()
    home.write_bank(msgspec.structs.replace(identity, **change))
    files = toy_files()
    files["offers"]["bank"] = change.get("bank", identity.bank)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    try:
        status, ready, _ = started(replace(settings, catalogue=str(written(elsewhere, files))))
    finally:
        home.write_bank(identity)
    assert status == 503
    assert "train again" in failed_check(ready)


def test_a_home_without_a_bank_does_not_start(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(HomeInvalid, match="nbo data"):
        started(replace(settings, home=tmp_path / "nowhere"))


def test_another_bank_than_asked_for_does_not_start(settings: Settings) -> None:
    with pytest.raises(SettingsInvalid, match="NBO_BANK=other"):
        started(replace(settings, bank="other"))


def test_without_a_redis_address_it_says_what_to_do(settings: Settings) -> None:
    with pytest.raises(SettingsInvalid, match="nbo serve"):
        started(replace(settings, redis_url=""))


def test_a_catalogue_that_cannot_be_used_does_not_start(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(CatalogueInvalid, match=r"offers\.yaml"):
        started(replace(settings, catalogue=str(tmp_path / "nowhere")))
