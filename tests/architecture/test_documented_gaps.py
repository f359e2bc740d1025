"""What the README says is not there yet is not there: whoever builds it strikes it out."""

from __future__ import annotations

import re
from pathlib import Path

import click

from nbo.cli import cli
from service.api.operations import OPERATIONS

ROOT = Path(__file__).parents[2]


def gaps() -> list[str]:
    """The first cells of the table, name by name."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.partition("## Not there yet\n")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`.+?`) \| ", section, re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def has(words: list[str]) -> bool:
    """Whether the command line knows these words: commands, an option, one of its choices."""
    command: click.Command = cli
    with click.Context(cli) as context:
        while isinstance(command, click.Group) and words:
            found = command.get_command(context, words[0])
            if found is None:
                return False
            command, words = found, words[1:]
    options = {name: option for option in command.params for name in option.opts}
    if not words:
        return True
    option = options.get(words[0])
    choices = getattr(option and option.type, "choices", words[1:])
    return option is not None and set(words[1:]) <= set(choices)


def test_what_is_told_as_missing_is_missing() -> None:
    addresses = {f"{operation.method.upper()} {operation.path}" for operation in OPERATIONS}
    commands = [name for name in gaps() if name.startswith("nbo ")]
    told = set(gaps()) - set(commands)
    assert told
    assert not told & addresses
    assert [name for name in commands if has(name.split()[1:])] == []
    assert len(commands) > 5


def test_what_is_there_would_be_found_out() -> None:
    assert has(["catalogue", "check"])
    assert has(["decide", "--customer"])
    assert has(["train", "--source", "tables"])
