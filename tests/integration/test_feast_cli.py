"""Feast's own command line registers what the contract says, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from feature_repo.contract import FEATURES, VIEWS
from feature_repo.feast_repository import apply, open_store
from feature_repo.views import SERVICE
from tests.toy_bank import BANK, install, toy_tables
from training.features.build import build_features

ROOT = Path(__file__).parents[2]


def test_feast_apply_registers_what_our_command_registers(tmp_path: Path):
    home = install(tmp_path, toy_tables())
    build_features(home)
    apply(home.features, BANK)
    (home.features / "registry.db").unlink()

    settings = str(home.features / "feature_store.yaml")
    command = "from feast.cli.cli import cli; cli()"
    subprocess.run(
        [sys.executable, "-c", command, "-c", "feature_repo", "-f", settings, "apply"],
        check=True,
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, "NBO_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
    )

    store = open_store(home.features, BANK)
    assert {view.name for view in store.list_feature_views()} == {view.name for view in VIEWS}
    served = store.get_feature_service(SERVICE).feature_view_projections
    assert {f.name for view in served for f in view.features} == {f.name for f in FEATURES}
