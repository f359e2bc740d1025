"""What the built features were made of: they are of use only under the same contract and data."""

from __future__ import annotations

from pathlib import Path

import msgspec

from feature_repo.contract import VIEWS, contract_digest
from feature_repo.views import source_path
from model_registry.home import Home


class Built(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Digest of the contract and fingerprint of the bank's tables the features follow from."""

    contract: str
    fingerprint: str


def are_current(home: Home) -> bool:
    """Whether every view was built, under this contract and from the tables now in the home."""
    try:
        built = msgspec.json.decode(_file(home).read_bytes(), type=Built)
    except (FileNotFoundError, msgspec.DecodeError):
        return False
    complete = all(source_path(home.features, view.name).exists() for view in VIEWS)
    return complete and built == _now(home)


def forget(home: Home) -> None:
    """Say that the features are about to change."""
    _file(home).unlink(missing_ok=True)


def record(home: Home) -> None:
    """Say what the features were just built from."""
    temporary = _file(home).with_suffix(".tmp")
    temporary.write_bytes(msgspec.json.encode(_now(home)))
    temporary.replace(_file(home))


def _now(home: Home) -> Built:
    return Built(contract_digest(), home.bank().fingerprint)


def _file(home: Home) -> Path:
    return home.features / "built.json"
