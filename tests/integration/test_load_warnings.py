"""What a load under a changed feature contract does to running services is said beforehand."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from redis import Redis

from feature_repo.contract import contract_digest
from feature_repo.online_layout import Generation, encode_generation, generation_key
from model_registry.home import Home
from model_registry.manifest import BundleDraft
from model_registry.store import ModelStore
from nbo.cli import run
from nbo.load_warnings import load_warnings
from tests.bundle_drafts import draft
from tests.toy_bank import BANK, PRODUCTS, install, toy_tables

ANOTHER_CONTRACT = "c" * 64


def promoted(home: Home, contract: str) -> str:
    """A champion trained under that contract."""
    made = draft()
    manifest = msgspec.structs.replace(made.manifest, bank=BANK, contract_digest=contract)
    bundle_id = ModelStore(home).write(BundleDraft(manifest, made.files))
    ModelStore(home).promote(bundle_id)
    return bundle_id


def load(redis: Redis, contract: str) -> None:
    """The marker of a load under that contract."""
    standing = Generation("1", BANK, list(PRODUCTS), "0" * 64, contract)
    redis.set(generation_key(BANK), encode_generation(standing))


def test_nothing_is_said_where_nothing_stands(home: Home, address: str, redis: Redis) -> None:
    assert list(load_warnings(home, address)) == []


def test_nothing_is_said_where_all_is_of_this_contract(
    home: Home, address: str, redis: Redis
) -> None:
    promoted(home, contract_digest())
    load(redis, contract_digest())
    assert list(load_warnings(home, address)) == []


def test_a_load_of_another_contract_is_named(home: Home, address: str, redis: Redis) -> None:
    load(redis, ANOTHER_CONTRACT)
    (line,) = load_warnings(home, address)
    assert "Redis holds was loaded under another feature contract" in line


def test_a_champion_of_another_contract_is_named(home: Home, address: str, redis: Redis) -> None:
    champion = promoted(home, ANOTHER_CONTRACT)
    (line,) = load_warnings(home, address)
    assert f"champion {champion} was trained under another feature contract" in line


def test_what_cannot_be_read_is_left_to_the_load(home: Home, address: str, redis: Redis) -> None:
    redis.set(generation_key(BANK), b"\x00")
    (home.models).mkdir(parents=True)
    (home.models / "champion.json").write_bytes(b"{")
    assert list(load_warnings(home, address)) == []


def test_the_command_says_so_before_it_loads(
    tmp_path: Path,
    address: str,
    redis: Redis,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    home = install(tmp_path, toy_tables())
    monkeypatch.setenv("NBO_HOME", str(tmp_path))
    monkeypatch.setenv("NBO_REDIS_URL", address)
    champion = promoted(home, ANOTHER_CONTRACT)
    # A load that cannot be made: what was said was said before.
    redis.config_set("maxmemory", "1")
    try:
        assert run(["features", "materialize"]) == 1
    finally:
        redis.config_set("maxmemory", "0")
    *said, refusal = capsys.readouterr().err.splitlines()
    assert any(f"champion {champion} was trained under" in line for line in said)
    assert "Redis is full" in refusal
