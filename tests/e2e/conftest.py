"""The simulated bank, made once by the demo, for every end-to-end test to copy or to ask."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.adapters.shipped_catalogues import catalogue_folder
from tests.e2e.running_bank import Installation
from tests.e2e.served_demo import LIMITS, ServedDemo, limit_caps
from tests.faults.served_bank import served


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A home nobody changes, trained, promoted and loaded; and what the demo printed."""
    home = tmp_path_factory.mktemp("demo") / "home"
    return home, Installation(home).run("demo", "--once", "--customers", "150")


@pytest.fixture(scope="session")
def demo_bank(
    demo_home: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServedDemo]:
    """Two workers over a copy of that home and of its catalogue."""
    folder = tmp_path_factory.mktemp("served")
    home = Path(shutil.copytree(demo_home[0], folder / "home"))
    shipped = catalogue_folder("", bank="simulated")
    catalogue = Path(shutil.copytree(shipped, folder / "catalogue"))
    limit_caps(catalogue / "policy.yaml", LIMITS)
    installation = Installation(home)
    environment = installation.environment() | {"NBO_CATALOGUE": str(catalogue)}
    with served(environment, folder, workers=2) as bank:
        yield ServedDemo(installation, catalogue, bank)
