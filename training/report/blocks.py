"""What a page is built of; the template knows one way to show each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

UNKNOWN = "–"


@dataclass(frozen=True)
class Paragraph:
    """Plain text; `tone` is "", "good" or "alarm"."""

    text: str
    tone: str = ""
    kind: str = "paragraph"


@dataclass(frozen=True)
class Table:
    """Rows below a head; the first `text_columns` are words, the others numbers."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""
    text_columns: int = 1
    kind: str = "table"


@dataclass(frozen=True)
class Figure:
    """A drawing, what it says to whoever cannot see it, and how to read it."""

    name: str
    svg: str
    alternative: str
    caption: str
    kind: str = "figure"


@dataclass(frozen=True)
class Tile:
    """One number of the summary."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Tiles:
    """The summary's numbers side by side."""

    tiles: Sequence[Tile]
    kind: str = "tiles"


Block = Paragraph | Table | Figure | Tiles


@dataclass(frozen=True)
class Section:
    """A chapter; `name` is its anchor."""

    name: str
    title: str
    blocks: Sequence[Block]


def measure(value: float | None, digits: int = 3) -> str:
    """A measure rounded for people, a dash where it is unknown."""
    return UNKNOWN if value is None or value != value else f"{value:.{digits}f}"


def signed(difference: float) -> str:
    """A difference with its sign."""
    return UNKNOWN if difference != difference else f"{difference:+.3f}".replace("-", "−")


def count(value: float) -> str:
    """A count with its thousands apart."""
    return f"{value:,.0f}"


def percent(share: float, digits: int = 1) -> str:
    """A share in percent."""
    return f"{100.0 * share:.{digits}f} %"
