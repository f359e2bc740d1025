"""What `nbo models promote` refuses before anything changes."""

from __future__ import annotations

import msgspec
import pytest

from model_registry.home import Home
from model_registry.manifest import BundleDraft
from model_registry.store import ModelStore
from nbo.cli import run
from tests.bundle_drafts import draft


def of_bank(bank: str) -> BundleDraft:
    """A draft trained for that bank."""
    made = draft()
    return BundleDraft(msgspec.structs.replace(made.manifest, bank=bank), made.files)


def test_promotes_a_bundle_of_the_bank_at_home(home: Home) -> None:
    store = ModelStore(home)
    bundle_id = store.write(of_bank(home.bank().bank))
    assert run(["models", "promote", bundle_id]) == 0
    assert store.champion() == bundle_id


def test_refuses_a_bundle_of_another_bank(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    store = ModelStore(home)
    bundle_id = store.write(of_bank("somebody_else"))
    assert run(["models", "promote", bundle_id]) == 1
    assert "trained for bank somebody_else" in capsys.readouterr().err
    assert store.champion() is None
