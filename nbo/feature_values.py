"""Single feature values for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

_EPOCH = date(1970, 1, 1)
_LINE = 110
_GAP = "   "


def number(value: float | None) -> str:
    """A number as short as it stays true enough; a dash where it is unknown."""
    if value is None:
        return "–"
    if float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:,.1f}" if abs(value) >= 100 else f"{value:.3g}"


def day(value: float | None) -> str:
    """The date of a day number."""
    return "–" if value is None else str(_EPOCH + timedelta(days=int(value)))


def seen(name: str, value: float, stored: Mapping[str, Any]) -> str:
    """A model column's value; a category's code with the level it stands for."""
    level = stored.get(name)
    return f"{level} (code {value:.0f})" if isinstance(level, str) else number(value)


def in_columns(values: Mapping[str, str]) -> Iterator[str]:
    """Lines of `name value` pairs under one another, as many side by side as fit."""
    if not values:
        return
    names = max(map(len, values))
    widths = max(map(len, values.values()))
    across = max(_LINE // (names + 2 + widths + len(_GAP)), 1)
    cells = [f"{name:<{names}}  {value:>{widths}}" for name, value in values.items()]
    down = -(-len(cells) // across)
    for row in range(down):
        yield _GAP.join(cells[row::down]).rstrip()
