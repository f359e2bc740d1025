"""A stage whose file exists but whose line is missing would silently never run: no such file may
exist.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from types import ModuleType

import pytest

import service.adjustments
import service.channels
import service.rules
import service.scorers
import service.selectors
import service.sinks
import service.sources

FOLDERS = [
    (service.sources, service.sources.SOURCES, "name"),
    (service.rules, service.rules.RULES, "code"),
    (service.scorers, service.scorers.SCORERS, "name"),
    (service.adjustments, service.adjustments.ADJUSTMENTS, "name"),
    (service.selectors, service.selectors.SELECTORS, "name"),
    (service.channels, service.channels.CHANNELS, "names"),
    (service.sinks, service.sinks.SINKS, "name"),
]


def stages_in(folder: ModuleType, marker: str) -> set[type]:
    """Every class in the folder that looks like a stage."""
    found = set()
    for module_info in pkgutil.iter_modules(folder.__path__):
        module = importlib.import_module(f"{folder.__name__}.{module_info.name}")
        own = [c for _, c in inspect.getmembers(module, inspect.isclass)]
        stages = {c for c in own if c.__module__ == module.__name__ and hasattr(c, marker)}
        assert len(stages) == 1, f"{module.__name__} holds {len(stages)} stages, one is the rule"
        found |= stages
    return found


@pytest.mark.parametrize(("folder", "registered", "marker"), FOLDERS)
def test_every_stage_file_is_registered_exactly_once(
    folder: ModuleType, registered: tuple[type, ...], marker: str
) -> None:
    assert sorted(map(repr, registered)) == sorted(map(repr, stages_in(folder, marker)))


@pytest.mark.parametrize(("folder", "registered", "marker"), FOLDERS)
def test_no_two_stages_share_a_name(
    folder: ModuleType, registered: tuple[type, ...], marker: str
) -> None:
    names = [str(getattr(stage, marker)) for stage in registered]
    assert len(set(names)) == len(names)
