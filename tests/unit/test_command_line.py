"""The shell: help, laziness, and what a failure says."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import redis

from model_registry.errors import BundleNotFound
from model_registry.home import Home
from nbo.cli import cli, run
from nbo.failure import exit_code_of, explain
from tests.toy_bank import identity
from tests.toy_catalogue_files import offer, toy_files, written

ROOT = Path(__file__).parents[2]
OFFLINE = ("training", "feast", "pandas", "polars", "pyarrow", "sklearn", "implicit", "lightgbm")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NBO_HOME", str(tmp_path / "home"))
    for name in ("NBO_DEBUG", "NBO_REDIS_URL", "NBO_HOST", "NBO_PORT", "NBO_INSECURE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "home"


def commands() -> Iterator[list[str]]:
    """The words of every command that is no group."""
    waiting: list[tuple[list[str], click.Command]] = [([], cli)]
    while waiting:
        words, command = waiting.pop()
        if not isinstance(command, click.Group):
            yield words
            continue
        with click.Context(command) as context:
            for name in command.list_commands(context):
                member = command.get_command(context, name)
                assert member is not None
                waiting.append(([*words, name], member))


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_every_command_explains_itself_with_an_example(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*words, "--help"]) == 0
    assert f"Example: nbo {' '.join(words)}" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("module", ["nbo.cli", "nbo.commands.serve", "nbo.commands.decide"])
def test_what_serves_imports_nothing_heavy_before_it_runs(module: str) -> None:
    code = f"import sys, {module}; print([n for n in {OFFLINE!r} if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def refused_in_one_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What a command that fails says, on stderr alone."""
    assert run(words) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err.strip().splitlines()) == 1
    assert printed.err.startswith("nbo: ")
    return printed.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["serve"], "run `nbo data simulate` or `nbo data import` first"),
        (["train"], "run `nbo data simulate` or `nbo data import` first"),
        (["features", "apply"], "run `nbo data simulate` or `nbo data import` first"),
        (["features", "materialize"], "run `nbo data simulate` or `nbo data import` first"),
        (["features", "show", "--customer", "C1"], "run `nbo data simulate`"),
        (["decide", "--customer", "C1"], "run `nbo data simulate` or `nbo data import` first"),
        (["evaluate", "--test-month", "2026-01-31"], "run `nbo train` first"),
        (["data", "simulate", "--customers", "0"], "give a number from 1"),
        (["data", "simulate", "--seed", "-1"], "give a number from 0 to 2147483647"),
        (["data", "simulate", "--seed", "2147483648"], "give a number from 0 to 2147483647"),
        (["data", "import", "santander", "--path", str(ROOT / "nbo")], "holds none of"),
        (["serve", "--host", "0.0.0.0"], "accept the risk with --insecure"),
        (["train", "--source", "simulated", "--path", str(ROOT)], "a simulated bank has none"),
        (["train", "--path", str(ROOT)], "say --source too"),
        (["train", "--source", "tables", "--path", str(ROOT)], "needs --bank NAME"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_failure_is_one_clear_line_on_stderr(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert says in refused_in_one_line(words, capsys)


def test_a_decision_for_another_bank_than_asked_for_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["data", "simulate", "--customers", "20", "--days", "70", "--json"]) == 0
    capsys.readouterr()
    monkeypatch.setenv("NBO_BANK", "other")
    assert run(["decide", "--customer", "C0000001"]) == 1
    printed = capsys.readouterr().err.strip()
    assert printed.startswith("nbo: NBO_BANK=other")
    assert len(printed.splitlines()) == 1


MODELS = (
    ["models", "list"],
    ["models", "list", "--json"],
    ["models", "show", "none-such"],
    ["models", "promote", "none-such"],
    ["models", "rollback"],
    ["models", "verify"],
    ["models", "verify", "--json"],
)


@pytest.mark.parametrize("words", MODELS, ids=" ".join)
def test_a_missing_home_has_no_models_and_is_not_made(
    words: list[str], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert f"NBO_HOME={home} is not there" in refused_in_one_line(words, capsys)
    assert not home.exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["models", "rollback"], "promote a bundle instead"),
        (["models", "promote", "none-such"], "`nbo models list` shows those there"),
        (["models", "verify"], "run `nbo train` first"),
        (["models", "verify", "--json"], "run `nbo train` first"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_home_without_a_bundle_says_what_to_do(
    words: list[str], says: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home.mkdir()
    assert says in refused_in_one_line(words, capsys)


@pytest.mark.parametrize(
    "words",
    [*MODELS, ["train"], ["data", "simulate", "--customers", "5"], ["decide", "--customer", "C1"]],
    ids=" ".join,
)
def test_a_home_that_is_a_file_is_said_to_be_no_folder(
    words: list[str], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home.write_text("a file")
    expected = f"nbo: NBO_HOME={home} is not a folder I can read and write\n"
    assert refused_in_one_line(words, capsys) == expected
    assert home.read_text() == "a file"


def test_a_home_that_cannot_be_made_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NBO_HOME", "/proc/nope/deeper")
    told = refused_in_one_line(["data", "simulate", "--customers", "5"], capsys)
    assert told == "nbo: NBO_HOME=/proc/nope/deeper is not a folder I can read and write\n"


def test_a_failure_in_a_sound_home_is_not_blamed_on_the_home(home: Path) -> None:
    home.mkdir()
    error = PermissionError(13, "Permission denied", str(home / "tables"))
    assert "[Errno 13] Permission denied" in explain(error)


def test_help_says_how_bundles_are_compared(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "--help"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "show A B" in told
    assert "List, compare" not in told


@pytest.mark.parametrize("words", [["decide", "--customer", "C1"], ["serve"]], ids=" ".join)
def test_a_bank_without_a_catalogue_hears_it_in_one_sentence(
    words: list[str], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Home(home).write_bank(identity("mybank"))
    told = refused_in_one_line(words, capsys)
    assert told.startswith(
        "nbo: no catalogue for bank mybank: copy catalogue/simulated to a folder"
    )


@pytest.mark.parametrize("words", [["decide"], ["features", "show"]], ids=" ".join)
def test_an_example_names_a_customer_the_simulated_bank_has(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*words, "--help"]) == 0
    assert "--customer C0000001" in " ".join(capsys.readouterr().out.split())


def test_a_wrong_option_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "list", "--colour"]) == 2
    assert "--colour" in capsys.readouterr().err


def test_debugging_shows_where_it_failed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.mkdir()
    monkeypatch.setenv("NBO_DEBUG", "1")
    with pytest.raises(BundleNotFound):
        run(["models", "rollback"])


def test_a_json_answer_is_the_only_thing_on_stdout(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["data", "simulate", "--customers", "20", "--days", "70", "--json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["row_counts"]["products"] > 0
    assert "simulate months" in printed.err
    assert (home / "bank.json").exists()


def test_models_of_an_empty_home_are_an_empty_list(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home.mkdir()
    assert run(["models", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_a_catalogue_check_says_when_faults_of_form_keep_it_from_looking_further(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = toy_files()
    offer(files).update(issue="aquire")
    words = ["catalogue", "check", "--catalogue", str(written(tmp_path, files))]
    assert run(words) == 1
    told = capsys.readouterr().err
    assert told.splitlines()[-1] == "nbo: further checks follow once these are mended"
    assert run([*words, "--json"]) == 1
    assert not json.loads(capsys.readouterr().out)["checked_whole"]


def test_a_redis_error_never_repeats_its_text() -> None:
    said = explain(redis.ResponseError("WRONGTYPE key {customer-15889}"))
    assert "15889" not in said
    assert "NBO_REDIS_URL" in said


def test_an_unforeseen_error_names_only_its_kind() -> None:
    error = KeyError("customer-15889")
    assert explain(error) == "unexpected KeyError: set NBO_DEBUG=1 and run again to see where"
    assert exit_code_of(error) == 70
