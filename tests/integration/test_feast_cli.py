"""Feast's own command line registers what the contract says, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from feature_repo.contract import FEATURES, VIEWS
from feature_repo.feast_repository import CONNECTION_VARIABLE, apply, open_store
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
        env={
            **os.environ,
            "NBO_HOME": str(tmp_path),
            "PYTHONPATH": str(ROOT),
            CONNECTION_VARIABLE: "localhost:6379",
        },
    )

    store = open_store(home.features, BANK)
    assert {view.name for view in store.list_feature_views()} == {view.name for view in VIEWS}
    served = store.get_feature_service(SERVICE).feature_view_projections
    assert {f.name for view in served for f in view.features} == {f.name for f in FEATURES}


def test_the_settings_file_is_private_and_holds_no_address(tmp_path: Path):
    home = install(tmp_path, toy_tables())
    build_features(home)
    settings = home.features / "feature_store.yaml"
    settings.write_text("left by a former version")
    settings.chmod(0o644)

    store = apply(home.features, BANK, "redis://nbo:s3cret@cache.internal:6380")

    assert "s3cret" in store.config.online_store.connection_string
    text = settings.read_text()
    assert f"connection_string: ${{{CONNECTION_VARIABLE}}}" in text
    assert "s3cret" not in text
    assert "cache.internal" not in text
    assert settings.stat().st_mode & 0o777 == 0o600
    apply(home.features, BANK)
    assert settings.read_text() == text
