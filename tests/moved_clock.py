"""A clock that goes only when a test says so."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class MovedClock:
    """Seconds a test moves."""

    now: float = 1_000.0

    def __call__(self) -> float:
        """Now."""
        return self.now
