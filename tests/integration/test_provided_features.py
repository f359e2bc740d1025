"""Built features are used again only under the contract and the data they stem from."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from feature_repo.contract import VIEWS, contract_digest
from feature_repo.views import source_path
from model_registry.home import Home
from nbo.preparation import provide_features
from tests.toy_bank import install, toy_tables
from training.features.build import build_features
from training.features.built import are_current


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = install(tmp_path, toy_tables())
    provide_features(home, lambda *_: None)
    return home


def provided(home: Home) -> bool:
    """Whether providing features built them anew."""
    view = source_path(home.features, VIEWS[0].name)
    os.utime(view, (0, 0))
    provide_features(home, lambda *_: None)
    return view.stat().st_mtime > 0


def test_features_are_not_built_twice(home: Home):
    assert not provided(home)


def test_another_contract_builds_them_anew(home: Home):
    record = home.features / "built.json"
    record.write_text(record.read_text().replace(contract_digest(), "0" * 64))
    assert provided(home)
    assert are_current(home)


def test_other_data_build_them_anew(home: Home):
    home.write_bank(msgspec.structs.replace(home.bank(), fingerprint="f" * 64))
    assert provided(home)


@pytest.mark.parametrize("damage", [b"", b"{}", None])
def test_without_a_readable_record_they_are_built_anew(home: Home, damage: bytes | None):
    record = home.features / "built.json"
    if damage is None:
        record.unlink()
    else:
        record.write_bytes(damage)
    assert provided(home)


def test_a_part_of_the_history_does_not_count_as_built(home: Home):
    build_features(home, since=home.bank().snapshot_dates[-1])
    assert not are_current(home)
