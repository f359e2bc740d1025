"""What the simulated bank knows of its customers' response reaches nobody who learns or serves."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("service", "training", "feature_repo", "model_registry", "nbo")
OPEN = {"__init__", "errors", "simulate"}
"""Modules without a constant of the response: `simulate` has a contract of its own."""


def test_every_module_of_the_simulated_bank_is_protected():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    protected = {name for c in settings["contracts"] for name in c.get("protected_modules", ())}
    modules = {path.stem for path in (ROOT / "training/simulated_bank").glob("*.py")}
    assert {f"training.simulated_bank.{name}" for name in modules - OPEN} <= protected


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("training/features/calendar.py", "effects"),
        ("training/train.py", "tastes"),
        ("training/evaluation/oracle_scores.py", "life_events"),
        ("training/features/build.py", "simulate"),
    ],
)
def test_an_import_of_the_truth_breaks_the_contracts(tmp_path, importer, imported):
    for package in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / importer).open("a") as file:
        file.write(f"\nfrom training.simulated_bank import {imported}  # noqa\n")
    linter = Path(sys.executable).with_name("lint-imports")
    report = subprocess.run(
        [linter, "--no-cache"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    name = importer.removesuffix(".py").replace("/", ".")
    assert report.returncode == 1
    assert f"{name} -> training.simulated_bank.{imported}" in report.stdout
