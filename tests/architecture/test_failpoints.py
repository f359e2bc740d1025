"""The points at which a test can kill the process are declared, exist, and do nothing unasked."""

from __future__ import annotations

import re
from pathlib import Path

from model_registry.failpoints import FAILPOINTS, VARIABLE, reach

ROOT = Path(__file__).parents[2]
PACKAGES = ("service", "training", "feature_repo", "model_registry", "nbo")
REACHED = re.compile(r"\breach\(\s*(.*?)\s*\)")


def test_every_declared_failpoint_is_reached_at_exactly_one_place() -> None:
    sources = (path.read_text() for name in PACKAGES for path in (ROOT / name).rglob("*.py"))
    reached = [found for source in sources for found in REACHED.findall(source)]
    calls = [found.strip('"') for found in reached if not found.startswith("point:")]

    assert sorted(calls) == sorted(FAILPOINTS)


def test_a_failpoint_nobody_asked_for_does_nothing(monkeypatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    for point in FAILPOINTS:
        reach(point)
    monkeypatch.setenv(VARIABLE, "another")
    for point in FAILPOINTS:
        reach(point)
