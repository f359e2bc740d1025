"""What must hold for the repository as a whole."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("service", "training", "feature_repo", "model_registry", "nbo")
GROUPS = ("build", "serving", "batch", "dev")
TEXT = {".py", ".toml", ".txt", ".in", ".md", ".yaml", ".yml", ".html", ".css", ".js", ""}
LEFT_OUT = {"build", "dist", "__pycache__", "LICENSE"}
MOST_LINES = 250
MOST_LINES_OF_CASES = 350

# Composed so that this file does not find itself.
MACHINE_PATH = re.compile("|".join(f"/{top}/[a-z]" for top in ("home", "root", "work", "Users")))
REGISTRY = re.compile(r"https?://|--index-url|--extra-index-url|--find-links|\s@\s")
REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)(\[[a-z,]+\])?(==\S+)?$")


@cache
def files() -> tuple[Path, ...]:
    """Every text file that belongs to the repository."""
    return tuple(
        path
        for path in sorted(ROOT.rglob("*"))
        if path.is_file()
        and path.suffix in TEXT
        and not any(map(_is_left_out, path.relative_to(ROOT).parts))
    )


def _is_left_out(part: str) -> bool:
    is_made_here = part.endswith(".egg-info") or ((ROOT / part).is_dir() and part.startswith("."))
    return part in LEFT_OUT or (is_made_here and part != ".ci")


def test_the_repository_is_looked_at() -> None:
    names = {path.relative_to(ROOT).as_posix() for path in files()}
    assert {"Makefile", "pyproject.toml", "nbo/cli.py", "requirements/dev.txt"} <= names


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in files()
        for match in MACHINE_PATH.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize("package", [*PACKAGES, "tests"])
def test_no_python_file_is_longer_than_a_reader_bears(package: str) -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in (ROOT / package).rglob("*.py")}
    most = MOST_LINES_OF_CASES if package == "tests" else MOST_LINES
    assert {path: count for path, count in lengths.items() if count > most} == {}


@pytest.mark.parametrize("group", GROUPS)
def test_a_lock_holds_no_registry_address(group: str) -> None:
    lock = (ROOT / "requirements" / f"{group}.txt").read_text()
    assert REGISTRY.search(lock) is None


@pytest.mark.parametrize("group", GROUPS)
def test_every_locked_version_has_hashes(group: str) -> None:
    blocks = re.split(r"\n(?=\S+==)", (ROOT / "requirements" / f"{group}.txt").read_text())[1:]
    assert len(blocks) == len(locked(group))
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize(
    ("group", "inputs"),
    [
        ("build", ("build",)),
        ("serving", ("serving",)),
        ("batch", ("serving", "batch")),
        ("dev", ("serving", "batch", "dev")),
    ],
)
def test_a_lock_was_made_from_its_inputs(group: str, inputs: tuple[str, ...]) -> None:
    asked = [line for name in inputs for line in wanted(name)]
    names = {normal(REQUIREMENT.fullmatch(line)[1]) for line in asked}  # type: ignore[index]
    assert names <= locked(group).keys()
    pins = dict(line.split("==") for line in asked if "==" in line)
    for name, version in pins.items():
        assert locked(group)[normal(name.split("[")[0])] == version
    # uv names the input file under everything that was asked for: nothing may be left over.
    text = (ROOT / "requirements" / f"{group}.txt").read_text()
    direct = re.findall(r"^(\S+)==(?:(?!^\S).*\n)*?.*-r \w+\.in", text, flags=re.MULTILINE)
    assert {normal(name) for name in direct} == names


def test_the_groups_agree_on_every_version() -> None:
    for smaller, larger in (("serving", "batch"), ("batch", "dev")):
        assert locked(smaller).items() <= locked(larger).items()


def test_serving_carries_nothing_of_the_offline_half() -> None:
    offline = {"dask", "duckdb", "feast", "ibis-framework", "implicit", "mlflow", "pandas"}
    offline |= {"polars", "pyarrow", "scikit-learn"}
    assert locked("serving").keys() & offline == set()


def test_the_build_backend_is_the_locked_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["build-system"]["requires"] == [f"setuptools=={locked('build')['setuptools']}"]


def test_ci_runs_the_test_command_of_the_readme() -> None:
    command = "make test"
    assert command in (ROOT / "README.md").read_text()
    assert (ROOT / ".ci" / "run").read_text().rstrip().endswith(f"exec {command}")


def test_help_lists_every_target_of_the_makefile() -> None:
    text = (ROOT / "Makefile").read_text()
    (declared,) = re.findall(r"^\.PHONY: (.+)$", text, flags=re.MULTILINE)
    commands = re.findall(r'@echo "make (\S.*?)(?:  .*)?"$', text, flags=re.MULTILINE)
    listed = re.findall(r"\w+", " ".join(commands))
    assert set(declared.split()) - {"help"} <= set(listed)


def wanted(group: str) -> list[str]:
    """The requirement lines of a group's input file."""
    lines = (ROOT / "requirements" / f"{group}.in").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


@cache
def locked(group: str) -> dict[str, str]:
    """Name → version of a group's lock."""
    lock = (ROOT / "requirements" / f"{group}.txt").read_text()
    pairs = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?==(\S+)", lock, flags=re.MULTILINE)
    return {normal(name): version for name, version in pairs}


def normal(name: str) -> str:
    """A package name as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()
