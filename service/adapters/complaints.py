"""One thing that is wrong with a file, and where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

Place: TypeAlias = tuple[str | int, ...]
"""Keys and positions from the top of a document: ("offers", 3, "value")."""


@dataclass(frozen=True)
class Complaint:
    """What is wrong, with its cure; `line` counts from 1, None = the whole file."""

    file: Path
    line: int | None
    what: str

    def __str__(self) -> str:
        return f"{self.file}{'' if self.line is None else f':{self.line}'}: {self.what}"
