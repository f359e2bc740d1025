"""Results on stdout: one JSON document, or a table for people."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
import rich_click as click
from rich.console import Console
from rich.table import Table

PRIVATE_MODE = 0o600

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document on stdout."
)


def print_json(document: object) -> None:
    """Exactly one JSON document; not-a-number becomes null."""
    encoded = msgspec.json.format(msgspec.json.encode(document), indent=2)
    sys.stdout.write(encoded.decode() + "\n")


def print_facts(facts: Iterable[tuple[str, object]]) -> None:
    """One `name  value` line each."""
    lines = [(name, str(value)) for name, value in facts]
    width = max((len(name) for name, _ in lines), default=0)
    for name, value in lines:
        print(f"{name:<{width}}  {value}")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> None:
    """A table with one row a line."""
    table = Table(*columns, title=title or None, title_justify="left")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    stdout().print(table)


def stdout() -> Console:
    """The console of results; as wide as needed when nobody looks, so that nothing is cut."""
    return Console() if sys.stdout.isatty() else Console(width=160)


def write_private(file: Path, content: bytes) -> None:
    """Replace the file's content; nobody but its owner may read it, also where it was there."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_MODE)
    with os.fdopen(descriptor, "wb") as stream:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):  # /dev/stdout is not ours to close
            os.fchmod(descriptor, PRIVATE_MODE)
        stream.write(content)


def note(text: str) -> None:
    """One line on stderr."""
    print(text, file=sys.stderr, flush=True)
