"""Results on stdout: one JSON document, or a table for people."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

import msgspec
import rich_click as click
from rich.console import Console
from rich.table import Table

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


def note(text: str) -> None:
    """One line on stderr."""
    print(text, file=sys.stderr, flush=True)
