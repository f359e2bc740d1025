"""From an `NBO_HOME` on disk to a warm service: what is ready, what is refused, and why."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from litestar.testing import TestClient
from redis import Redis

from feature_repo.online_layout import decode_generation, encode_generation, generation_key
from model_registry.errors import HomeInvalid
from model_registry.home import Home
from model_registry.store import ModelStore
from service.adapters.event_log import EventBook
from service.adapters.event_log.segment import OpenSegment
from service.asgi import create_app
from service.errors import CatalogueInvalid, SettingsInvalid
from service.ports import RecordKind, kind_key
from service.settings import Settings
from tests.faults.served_bank import until
from tests.redis_server import private_redis
from tests.toy_bank import BANK, CUSTOMERS, PRODUCTS, install, toy_tables
from tests.toy_catalogue_files import offer, toy_files, written
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
    failed = [check["detail"] for check in ready["checks"] if not check["passed"]]
    assert failed
    return " ".join(failed)


def test_a_store_loaded_under_another_contract_is_told_with_what_to_do(
    settings: Settings, redis_url: str
) -> None:
    with Redis.from_url(redis_url) as redis:
        key = generation_key(BANK)
        stands = cast("bytes", redis.get(key))
        loaded = decode_generation(BANK, stands)
        other = msgspec.structs.replace(loaded, contract="0" * 64)
        redis.set(key, encode_generation(other))
        try:
            status, ready, answer = started(settings)
        finally:
            redis.set(key, stands)
    assert status == 200  # an answer without offers is still an answer
    assert "loaded under another feature contract" in failed_check(ready)
    assert answer["degraded_reasons"] == ["state_not_loaded"]


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


def recorded(settings: Settings) -> list[dict[str, Any]]:
    """What the log says of the versions in force: catalogues, then models, oldest first."""
    book = EventBook(settings.home / "log")
    kinds = (RecordKind.CATALOGUE, RecordKind.MODEL)
    found = [record for kind in kinds for record in book.find_all(kind_key(kind))]
    return [msgspec.json.decode(record.payload or b"") for record in found]


def test_a_start_puts_catalogue_and_model_on_record_unless_the_log_names_them(
    settings: Settings, tmp_path: Path
) -> None:
    shutil.rmtree(settings.home / "log", ignore_errors=True)
    shutil.rmtree(settings.home / "anchors", ignore_errors=True)
    for _ in range(2):
        *_, answer = started(settings)
    catalogue, model = recorded(settings)
    assert catalogue["catalogue"] == answer["versions"]["catalogue"]
    assert catalogue["policy"] == answer["versions"]["policy"]
    assert model["model"] == answer["versions"]["model"]
    assert model["contract"] == answer["versions"]["contract"]
    assert (catalogue["why"], model["why"]) == ("started", "started")
    assert model["ranker"] in ("compiled", "lightgbm")
    files = toy_files()
    offer(files)["value"] = 21.0
    changed = tmp_path / "changed"
    changed.mkdir()
    *_, answer = started(replace(settings, catalogue=str(written(changed, files))))
    assert [one.get("catalogue") for one in recorded(settings)] == [
        catalogue["catalogue"],
        answer["versions"]["catalogue"],
        None,
    ]


def test_without_room_for_its_versions_it_starts_and_records_them_when_there_is(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(settings.home / "log", ignore_errors=True)
    shutil.rmtree(settings.home / "anchors", ignore_errors=True)
    room = [False]
    append = OpenSegment.append

    def full(segment: OpenSegment, *record: bytes) -> None:
        if not room[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        append(segment, *record)

    monkeypatch.setattr(OpenSegment, "append", full)
    with TestClient(create_app(settings)) as client:
        answer = client.post("/v1/decisions", json=ASK).json()
        assert {place["no_offer_reason"] for place in answer["placements"]} == {"log_unavailable"}
        assert recorded(settings) == []
        room[0] = True
        until(lambda: len(recorded(settings)) == 2)
        answer = client.post("/v1/decisions", json=ASK).json()
        assert answer["served_from"] == "full"
    assert {one["why"] for one in recorded(settings)} == {"started"}
