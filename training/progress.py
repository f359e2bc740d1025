"""How a long step says how far it is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int | None], None]
"""Called with the step's name, what is done, and the total where it is known."""


def silent(step: str, done: int, total: int | None) -> None:
    """Report nothing."""
