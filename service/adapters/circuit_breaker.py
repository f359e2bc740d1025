"""Stops asking a store that does not answer, and tries again from time to time."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

FAILURES_TO_OPEN = 5
PROBE_SECONDS = 0.5


class CircuitBreaker:
    """Open after five failures in a row: then one question per half second is let through."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._next_probe = 0.0

    @property
    def is_open(self) -> bool:
        """Whether questions are answered without asking."""
        return self._failures >= FAILURES_TO_OPEN

    def permits(self) -> bool:
        """Whether to ask; while open, True once per probe interval."""
        if not self.is_open:
            return True
        now = self._clock()
        if now < self._next_probe:
            return False
        self._next_probe = now + PROBE_SECONDS
        return True

    def succeeded(self) -> None:
        """The store answered."""
        self._failures = 0

    def failed(self) -> None:
        """The store did not answer."""
        self._failures += 1
        if self._failures == FAILURES_TO_OPEN:
            self._next_probe = self._clock() + PROBE_SECONDS
